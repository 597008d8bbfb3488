import type { AccountsPage } from './pages/accounts-page.ts'
import type { LoginPage } from './pages/login-page.ts'
import type { WebError } from './web-error.ts'

/** A page that the handler is about to answer with: all that an application needs to render its own. */
export type WebPage =
  /** `title` and `text` are in English; `error.code` says the same to a program. */
  | {
      readonly kind: 'error'
      readonly status: number
      readonly error: WebError
      readonly title: string
      readonly text: string
    }
  /** Which issuer, or which handle? Status 400 where a handle was wrong. */
  | ({ readonly kind: 'login'; readonly status: number; readonly error?: WebError } & LoginPage)
  /** Who is logged in in this browser. */
  | ({ readonly kind: 'accounts'; readonly status: 200 } & AccountsPage)
