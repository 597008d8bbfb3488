import type { IncomingMessage } from 'node:http'
import type { InteractionResults, KoaContextWithOIDC, Provider } from 'oidc-provider'

/** Koa's, by way of oidc-provider: Koa is its dependency, not ours. */
export type Middleware = (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

/**
 * The page that the user meets: who are you, and do you allow it. One form answers login and consent
 * together; a browser can use it, and `loginHeadlessly` posts it.
 */
export function interactionPage(provider: Provider): Middleware {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next()
    const interaction = await provider.interactionDetails(ctx.req, ctx.res)
    if (ctx.method !== 'POST') {
      ctx.type = 'html'
      ctx.body = form(String(interaction.params.client_id))
      return
    }
    const answer = await formBody(ctx.req)
    const result: InteractionResults =
      answer.get('decision') === 'deny'
        ? { error: 'access_denied', error_description: 'The user said no' }
        : await allow(provider, interaction, answer.get('login') ?? 'alice')
    ctx.status = 303
    ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result))
  }
}

async function allow(
  provider: Provider,
  { params, prompt }: Interaction,
  accountId: string,
): Promise<InteractionResults> {
  const clientId = String(params.client_id)
  const grant = new provider.Grant({ accountId, clientId })
  const scope = String(params.scope ?? '')
  grant.addOIDCScope(scope)
  for (const resource of [params.resource ?? []].flat()) grant.addResourceScope(String(resource), scope)
  const { missingOIDCClaims } = prompt.details as { missingOIDCClaims?: string[] }
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims)
  return { login: { accountId }, consent: { grantId: await grant.save() } }
}

async function formBody(request: IncomingMessage): Promise<URLSearchParams> {
  let text = ''
  for await (const chunk of request) text += chunk
  return new URLSearchParams(text)
}

const form = (clientId: string) => `<!doctype html><title>Log in</title>
<form method="post"><p><b>${clientId.replace(/[<&"]/g, '')}</b> asks you to log in.</p>
<label>Name <input name="login" value="alice"></label>
<button name="decision" value="allow">Log in and allow</button>
<button name="decision" value="deny">Deny</button></form>`
