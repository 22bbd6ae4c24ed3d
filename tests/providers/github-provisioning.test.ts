import { githubProvisioning } from "../../shared/providers/github-provisioning";

describe("the events that a hook at GitHub is asked for", () => {
  it.each([
    [["issues.opened"], ["issues", "meta"]],
    [["issue.created"], ["issues", "meta"]],
    [["Issues"], ["issues", "meta"]],
    [
      ["branch.*", "pull_request.*"],
      ["create", "delete", "meta", "pull_request", "push"],
    ],
    [["repository"], ["fork", "meta", "public", "repository"]],
    [["wiki_page.updated"], ["gollum", "meta"]],
    [["meta.deleted"], ["meta"]],
  ])("for %j are %j", (patterns, events) => {
    expect(githubProvisioning.eventsOf(patterns)).toEqual(events);
  });

  it.each([[["*"]], [["*.*"]], [["*.created"]], [["created"]], [["issues.opened", "deleted"]], [["something.new"]]])(
    "are all where %j may be of any entity",
    (patterns) => {
      expect(githubProvisioning.eventsOf(patterns)).toEqual(["*"]);
    },
  );
});
