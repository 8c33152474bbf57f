// Tasks as README.md shows them, and further: create, list, complete, revise; meet problems.
import { answerOf, expect, password, problemOf, register, signedInWith, tokensFor } from "../steps.js";

const email = "typescript-tasks@example.com";
await register(email);
const client = signedInWith(await tokensFor({ username: email, password }));

const created = await client.POST("/api/v1/tasks", {
  body: {
    title: "Lay the foundation",
    priority: "high",
    labels: ["house"],
    due_at: "2027-03-01T09:00:00-03:00",
  },
});
const task = answerOf(created);
expect(task.due_at === "2027-03-01T12:00:00Z" && task.status === "open", "a new task");
expect(created.response.headers.get("ETag") === '"1"', "the version of a new task");
expect(created.response.headers.get("Location") === `/api/v1/tasks/${task.id}`, "its address");

for (const title of ["Build the walls", "Put on the roof"]) {
  answerOf(await client.POST("/api/v1/tasks", { body: { title, labels: ["house"] } }));
}

const titles: string[] = [];
let cursor: string | null = "";
while (cursor !== null) {
  const filters = { status: "open", label: "house", sort: "due_at", limit: 2 } as const;
  const query: typeof filters & { cursor?: string } = cursor ? { ...filters, cursor } : filters;
  const listed = await client.GET("/api/v1/tasks", { params: { query } });
  const page = answerOf(listed);
  titles.push(...page.items.map((each) => each.title));
  cursor = page.next_cursor;
}
expect(titles.length === 3 && titles[0] === task.title, "all tasks, the one due first before them");

const seen = (tag: string) => ({ path: { task_id: task.id }, header: { "If-Match": tag } });
const completed = await client.POST("/api/v1/tasks/{task_id}/complete", { params: seen('"1"') });
expect(answerOf(completed).status === "done", "a completed task");
const stale = await client.PATCH("/api/v1/tasks/{task_id}", {
  params: seen('"1"'),
  body: { title: "Dig a pit" },
});
problemOf(stale, 412, "stale_version");
const revised = await client.PATCH("/api/v1/tasks/{task_id}", {
  params: seen('"2"'),
  body: { title: "Lay another foundation", due_at: null },
});
expect(answerOf(revised).version === 3 && answerOf(revised).due_at === null, "a revised task");

const invalid = await client.POST("/api/v1/tasks", {
  // @ts-expect-error what the document does not allow does not compile, and is refused
  body: { title: "Paint the wall", priority: "purple" },
});
const [first] = problemOf(invalid, 422, "invalid").errors ?? [];
expect(first?.pointer === "/priority" && first.code === "not_allowed", "where the value is");

const absent = await client.GET("/api/v1/tasks/{task_id}", {
  params: { path: { task_id: "00000000-0000-7000-8000-000000000000" } },
});
problemOf(absent, 404, "task_not_found");
