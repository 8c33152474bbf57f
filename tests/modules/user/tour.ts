// Sign in, read and change the account, and sign out.
import {
  anonymous,
  answerOf,
  expect,
  form,
  password,
  problemOf,
  register,
  signedInWith,
  tokensFor,
} from "../steps.js";

const email = "typescript@example.com";

await register(email);

// RFC 6749, section 5.2
const wrong = await anonymous.POST("/api/v1/auth/token", {
  body: { grant_type: "password", username: email, password: "wrong horse battery" },
  headers: form,
});
expect(wrong.error !== undefined && "error" in wrong.error, "a refusal of OAuth");
expect(wrong.error.error === "invalid_grant", "the error of a wrong password");

const pair = await tokensFor({ grant_type: "password", username: email, password });
const tokens = await tokensFor({
  grant_type: "refresh_token",
  refresh_token: pair.refresh_token,
});
const client = signedInWith(tokens);

const account = answerOf(await client.GET("/api/v1/users/me"));
expect(account.email === email && account.version === 1, "one's own account");
const sessions = answerOf(await client.GET("/api/v1/auth/sessions")).items;
expect(sessions.length === 1 && sessions[0]?.is_current === true, "the session of this sign-in");

const seen = (tag: string) => ({ header: { "If-Match": tag } });
const body = { full_name: "Ana Maria Example" };
const changed = await client.PATCH("/api/v1/users/me", { params: seen('"1"'), body });
expect(answerOf(changed).full_name === body.full_name, "another name");
expect(changed.response.headers.get("ETag") === '"2"', "another version");
const stale = await client.PATCH("/api/v1/users/me", { params: seen('"1"'), body });
problemOf(stale, 412, "stale_version");

const invalid = await client.PATCH("/api/v1/users/me", {
  params: seen('"2"'),
  body: { full_name: "x".repeat(1000) },
});
const [first] = problemOf(invalid, 422, "invalid").errors ?? [];
expect(first?.pointer === "/full_name" && first.code === "too_long", "where the value is");

const left = await client.POST("/api/v1/auth/logout");
expect(left.response.status === 204, "the status of a sign-out");
problemOf(await client.GET("/api/v1/users/me"), 401, "unauthenticated");
