import { isMemoryStore } from '../stores/memory/index.ts'
import { warnOfMemory } from './memory-warning.ts'
import { createHandler, type WebHandler } from './web-handler.ts'
import type { WebHandlerOptions } from './web-options.ts'

export { generateSealingKey } from '../stores/sealed/index.ts'
export type { RequestSession } from './from-request.ts'
export type { WebAccount } from './pages/accounts-page.ts'
export { WebError, type WebErrorReason } from './web-error.ts'
export type { WebEvent, WebEventListener } from './web-events.ts'
export type { WebHandler } from './web-handler.ts'
export type {
  LoginWishes,
  ResolvedHandle,
  WebAnswer,
  WebHandlerOptions,
  WebLogin,
  WebLogout,
} from './web-options.ts'
export type { WebPage } from './web-page.ts'

/**
 * Login, callback and logout as a function from `Request` to `Response`, which any server can mount; the adapters of
 * authentype/web/* do it for the usual ones.
 *
 * @throws TypeError for an option that is missing, unknown or unsafe
 * @example
 * const web = createWebHandler({ sessions, cookieKeys: [key], onLogin: () => '/' })
 * const response = await web(request) // null where the address is none of its own
 * const user = await web.fromRequest(request)
 */
export function createWebHandler(options: WebHandlerOptions): WebHandler {
  const { handler, context } = createHandler(options)
  const stores = context.all.map(({ store }) => store)
  if (options.store) stores.push(options.store)
  if (!options.development && stores.some(isMemoryStore)) warnOfMemory(options.onEvent && context.emit)
  return handler
}
