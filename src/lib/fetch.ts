/**
 * The only transport type of this library. Everything that touches a request on its way out
 * (proofs, tokens, client authentication, retries, limits) is a function from one `Fetch` to another.
 * The global `fetch` is one; so is `app.request` of most frameworks.
 */
export type Fetch = (request: Request) => Promise<Response>
