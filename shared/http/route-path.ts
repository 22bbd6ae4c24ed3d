/** The route as OpenAPI writes it: `webhooks/{id:minlength(7)}` is `/webhooks/{id}`, and so is `webhooks/{id?}`. */
export function toPath(route: string): string {
  return `/${route.replace(/\{(\w+)[:?][^}]*\}/g, "{$1}")}`;
}
