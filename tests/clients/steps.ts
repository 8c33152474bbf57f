// What the tours have in common. `api.ts` is what openapi-typescript generates.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

export type Schemas = components["schemas"];

declare const process: { argv: string[] };

export const address = process.argv[2] ?? "";
export const password = "correct horse battery";
export const form = { "Content-Type": "application/x-www-form-urlencoded" };
export const anonymous = createClient<paths>({ baseUrl: address });

export function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`not as documented: ${what}`);
}

/** Returns the answer to a request that the service did. */
export function answerOf<Answer>(result: { data?: Answer; error?: unknown }): Answer {
  expect(result.data !== undefined, JSON.stringify(result.error));
  return result.data;
}

/** Returns the problem of a request that the service refused. */
export function problemOf(
  result: { error?: Schemas["Problem"] },
  status: number,
  code: string,
): Schemas["Problem"] {
  const problem = result.error;
  expect(problem !== undefined, `a refusal with the code ${code}`);
  expect(problem.status === status && problem.code === code, `${code}, but got ${problem.code}`);
  return problem;
}

export async function register(email: string): Promise<void> {
  const body = { email, password, full_name: "Ana Example" };
  const registered = answerOf(await anonymous.POST("/api/v1/auth/register", { body }));
  expect(registered.status === "pending_verification", "the answer to a registration");
}

export async function tokensFor(body: Schemas["TokenForm"]): Promise<Schemas["TokenPair"]> {
  return answerOf(await anonymous.POST("/api/v1/auth/token", { body, headers: form }));
}

export function signedInWith(tokens: Schemas["TokenPair"]) {
  const headers = { Authorization: `Bearer ${tokens.access_token}` };
  return createClient<paths>({ baseUrl: address, headers });
}
