/** The part of Hono's `Context` that is used. */
export interface HonoContextLike {
  readonly req: { readonly raw: Request }
}

/**
 * Middleware for Hono. What is not for the handler goes on to the next.
 *
 * @example
 * app.use(honoWeb(web))
 */
export function honoWeb(
  handler: (request: Request) => Promise<Response | null>,
): (context: HonoContextLike, next: () => Promise<void>) => Promise<Response | undefined> {
  return async (context, next) => {
    const answer = await handler(context.req.raw)
    if (answer) return answer
    await next()
    return undefined
  }
}
