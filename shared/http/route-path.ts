/** The route without the host's constraints: `webhooks/{id:minlength(7)}` is `/webhooks/{id}`. */
export function toPath(route: string): string {
  return `/${route.replace(/\{(\w+):[^}]*\}/g, "{$1}")}`;
}
