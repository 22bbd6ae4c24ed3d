import { commands } from "../../../infra/cli/client/commands";

it.each(commands.map((command) => [command.usage, command] as const))(
  "%s names the options that it takes",
  (usage, { options }) => {
    const named = [...usage.matchAll(/--([a-z-]+)/g)].map(([, name = ""]) => name);
    expect(named.sort()).toEqual([...options].sort());
  },
);

it.each(commands.map(({ usage, name, maxWords }) => [usage, name, maxWords] as const))(
  "%s shows its words",
  (usage, name, most) => {
    const [, ...words] = usage.split(/ (?=\[?--)/)[0]?.split(" ") ?? [];
    expect(usage.startsWith(name)).toBe(true);
    expect(words).toHaveLength(most);
  },
);
