import type { ClientMetadata } from '../../generated/models.ts'
import { toPublicJwk } from '../lib/signatures/public-jwk.ts'
import type { Jwk } from '../lib/signatures/types.ts'
import { buildClientMetadataDocument } from '../protocol/client-metadata-document.ts'
import type { WebContext } from './web-context.ts'

/** Documents that issuers read, made once: a mistake in them shows at the start. */
export interface PublicDocuments {
  readonly clientMetadata: string | undefined
  readonly jwks: string | undefined
}

const name = 'createWebHandler'

/** @throws TypeError for a client that cannot be identified by the document, and for a key without a public half */
export function createPublicDocuments(context: WebContext): PublicDocuments {
  const { clientMetadata, jwks } = context.options
  return {
    clientMetadata: clientMetadata && JSON.stringify(metadataOf(context, clientMetadata)),
    jwks: jwks && JSON.stringify({ keys: jwks.map(publicHalf) }),
  }
}

/** What follows from the client needs no saying; what is said wins. */
function metadataOf({ all, origin, paths, options }: WebContext, given: ClientMetadata): ClientMetadata {
  const clientId = `${origin}${paths.clientMetadata}`
  const named = all.filter(({ client }) => client.clientId === clientId)
  if (named.length === 0) {
    throw new TypeError(`${name}: "clientMetadata" is published at ${clientId}, which is no client's "clientId"`)
  }
  const { postLogoutRedirectUri, jwks } = options
  return buildClientMetadataDocument(clientId, {
    redirect_uris: [...new Set(named.map(({ client }) => client.redirectUri!))],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    ...(postLogoutRedirectUri !== undefined && { post_logout_redirect_uris: [postLogoutRedirectUri] }),
    ...(jwks && { jwks_uri: origin + paths.jwks, token_endpoint_auth_method: 'private_key_jwt' }),
    ...given,
  })
}

function publicHalf(jwk: Jwk): Record<string, unknown> {
  const half = toPublicJwk(jwk)
  if (Object.values(half).length < 2 || Object.values(half).some((member) => member === undefined)) {
    throw new TypeError(`${name}: "jwks" must be asymmetric keys as JWKs`)
  }
  const { kid, alg, use = 'sig' } = jwk as { readonly kid?: unknown; readonly alg?: unknown; readonly use?: unknown }
  return { ...half, use, ...(kid !== undefined && { kid }), ...(alg !== undefined && { alg }) }
}

/** Read by servers, often, and the same for all. */
export function publicAnswer(document: string): Response {
  return new Response(document, {
    headers: {
      'content-type': 'application/json',
      'cache-control': 'public, max-age=300',
      'x-content-type-options': 'nosniff',
    },
  })
}
