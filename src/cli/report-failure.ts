import { AuthentypeError, AuthorizationResponseError, OAuthResponseError, ProtocolError } from '../errors/index.ts'
import { printable } from '../lib/printable.ts'
import { exitCode, UsageError } from './command.ts'

/** The answer is no: the server, the user or the session said so. */
const refusals: readonly string[] = ['authorization_error', 'oauth_error', 'session_expired', 'session_not_found']

/** Says on standard error what went wrong, and gives the exit code for it. */
export function reportFailure(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`authentype: ${error.message}`)
    return exitCode.usage
  }
  if (!(error instanceof AuthentypeError)) {
    console.error(error)
    return exitCode.unusable
  }
  console.error(
    `authentype: ${[error.message, ...causesOf(error)].join('\n  because: ')}${reasonOf(error)}${adviceOn(error)}`,
  )
  return refusals.includes(error.code) ? exitCode.failed : exitCode.unusable
}

/** What the server gave as its reason, in its own words. */
function reasonOf(error: AuthentypeError): string {
  const isAnswer = error instanceof OAuthResponseError || error instanceof AuthorizationResponseError
  const reason = isAnswer ? error.errorDescription : undefined
  return reason === undefined ? '' : `\n  the server says: ${printable(reason)}`
}

/** A server for development is taken where one has asked for it; one that is not there may not have been started. */
function adviceOn(error: AuthentypeError): string {
  if (codesOf(error).includes('ECONNREFUSED')) return '\n  nothing listens there: is the server running?'
  if (!(error instanceof ProtocolError) || error.code !== 'insecure_endpoint') return ''
  const isRefused = error.expected === 'https URL' && /^http:\/\/(127\.|localhost|\[::1\])/.test(String(error.actual))
  return isRefused ? '\n  --allow-loopback-http takes one on this machine, for development' : ''
}

function codesOf(error: unknown): readonly unknown[] {
  if (!(error instanceof Error)) return []
  return [(error as NodeJS.ErrnoException).code, ...codesOf(error.cause)]
}

function causesOf(error: Error): readonly string[] {
  const { cause } = error
  return cause instanceof Error ? [cause.message, ...causesOf(cause)] : []
}
