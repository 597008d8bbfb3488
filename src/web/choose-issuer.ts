import { AuthentypeError } from '../errors/base.ts'
import { NetworkError, TimeoutError } from '../errors/network.ts'
import { ResponseError } from '../errors/response.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { singleField } from './read-form.ts'
import type { WebContext } from './web-context.ts'
import { WebError } from './web-error.ts'

/** Where a login goes, and what the issuer is told of who logs in. */
export interface LoginChoice {
  readonly sessions: Sessions
  readonly loginHint?: string
  /** To log in another account beside those that are there. */
  readonly prompt?: 'login' | 'select_account'
}

/** Longer than any domain name, DID or e-mail address. */
const longestHandle = 2048

/**
 * Where `GET /login` leads: by `issuer` from the allow-list, by `handle`, or to the only issuer there is; `undefined`
 * where the user must choose.
 *
 * @throws WebError `missing_handle`, `invalid_handle`, `invalid_issuer`, `authorization_server_metadata_failed`
 */
export async function chooseIssuer(
  context: WebContext,
  request: Request,
  { searchParams }: URL,
): Promise<LoginChoice | undefined> {
  const issuer = singleField(searchParams, 'issuer')
  const handle = singleField(searchParams, 'handle')?.trim()
  const prompt = promptOf(searchParams)
  if (issuer !== undefined) return { sessions: sessionsAt(context, issuer), ...prompt }
  if (handle === '') throw new WebError('missing_handle', '"handle" is empty')
  if (handle !== undefined) return { ...(await byHandle(context, request, handle)), ...prompt }
  if (context.options.resolveHandle) throw new WebError('missing_handle', 'no "handle" came')
  const [only, ...others] = context.all
  return others.length > 0 ? undefined : { sessions: only, ...prompt }
}

export function sessionsAt({ all }: WebContext, issuer: string): Sessions {
  const found = all.find(({ client }) => client.issuer === issuer)
  if (found) return found
  throw new WebError('invalid_issuer', 'the issuer is none that this application uses')
}

async function byHandle(context: WebContext, request: Request, handle: string): Promise<LoginChoice> {
  const { resolveHandle } = context.options
  if (!resolveHandle || handle.length > longestHandle || /[\p{Cc}\p{Cf}\s]/u.test(handle)) {
    throw new WebError('invalid_handle', 'the handle is none that this application takes')
  }
  try {
    const resolved = await resolveHandle(handle, request)
    if (!resolved) throw new WebError('invalid_handle', 'nobody has this handle')
    return { sessions: sessionsAt(context, resolved.issuer), loginHint: resolved.loginHint ?? handle }
  } catch (cause) {
    if (cause instanceof WebError || !(cause instanceof AuthentypeError)) throw cause
    const isUnreachable = [NetworkError, TimeoutError, ResponseError].some((type) => cause instanceof type)
    const reason = isUnreachable ? 'authorization_server_metadata_failed' : 'invalid_handle'
    throw new WebError(reason, 'the handle could not be resolved', { cause })
  }
}

function promptOf(query: URLSearchParams): Pick<LoginChoice, 'prompt'> {
  const prompt = singleField(query, 'prompt')
  // What else there is, `none` above all, is for the application to ask for.
  return prompt === 'login' || prompt === 'select_account' ? { prompt } : {}
}
