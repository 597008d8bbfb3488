import { type Html, html } from '../../lib/html.ts'
import type { WebErrorReason } from '../web-error.ts'

interface ErrorText {
  readonly title: string
  readonly text: string
}

/** What the user is told: what happened, and what to do; nothing that came with the request. */
const texts: Readonly<Record<WebErrorReason, ErrorText>> = {
  missing_handle: { title: 'Who are you?', text: 'Enter your handle to log in.' },
  invalid_handle: { title: 'Handle not found', text: 'No account was found for this handle. Check it and try again.' },
  invalid_issuer: { title: 'Unknown login service', text: 'This application does not use that login service.' },
  authorization_server_metadata_failed: {
    title: 'The login service is not available',
    text: 'It could not be reached, or its answer could not be used. Try again in a moment.',
  },
  authorization_url_failed: {
    title: 'The login could not be started',
    text: 'The login service did not accept the request. Try again in a moment.',
  },
  invalid_callback_request: {
    title: 'This login is no longer valid',
    text: 'It took too long, was used already, or was started in another browser. Start again.',
  },
  issuer_mismatch: {
    title: 'The login was stopped',
    text: 'The answer came from another login service than the one that was asked. Nobody was logged in.',
  },
  access_denied: {
    title: 'You were not logged in',
    text: 'The login was declined. Nothing was shared with this application.',
  },
  token_validation_failed: {
    title: 'The login could not be completed',
    text: 'The answer of the login service could not be verified. Nobody was logged in.',
  },
  session_store_failed: {
    title: 'Something is wrong on our side',
    text: 'The login could not be saved. Try again in a moment.',
  },
  forbidden_origin: {
    title: 'This request was refused',
    text: 'It did not come from a page of this application. Nothing was changed.',
  },
  invalid_logout_request: {
    title: 'This logout page is no longer valid',
    text: 'You are logged out of this application, if you asked for it here. The page was opened too late or twice.',
  },
  unknown_account: { title: 'No such account', text: 'You are not logged in to that account in this browser.' },
  invalid_request: { title: 'This request was refused', text: 'It could not be understood. Nothing was changed.' },
  method_not_allowed: { title: 'This address works differently', text: 'Go back and use the buttons of the page.' },
}

export function errorText(reason: WebErrorReason): ErrorText {
  return texts[reason]
}

export interface ErrorPage {
  readonly reason: WebErrorReason
  /** A path to begin again at. */
  readonly retryPath?: string | undefined
  /** The technical side, in development alone. */
  readonly detail?: string | undefined
}

export function errorBody({ reason, retryPath, detail }: ErrorPage): Html {
  return html`<p>${texts[reason].text}</p>
<div class="stack">
${retryPath !== undefined && html`<a class="button" href="${retryPath}">Try again</a>`}
<a class="button second" href="/">Back to the application</a>
</div>
<p class="code">Code: <code>${reason}</code></p>
${detail !== undefined && html`<p class="quiet"><code>${detail}</code></p>`}`
}
