import { type Html, html } from '../../lib/html.ts'
import type { DevAnswer } from '../exchange.ts'
import { act, type FormFrame } from './forms.ts'
import { about, page } from './layout.ts'
import { nameText } from './name-text.ts'

/** For the user, where nothing may be sent to a client (RFC 6749 4.1.2.1). */
export function errorPage(
  text: string,
  { code, status = 400, known }: { code?: string; status?: number; known?: KnownValues | undefined } = {},
): Promise<DevAnswer> {
  const body = html`<p>${text}</p>
${known ? knownValues(known) : html`<p class="quiet">Go back to the application and start again.</p>`}
${code !== undefined && html`<p class="quiet after">Code: <code>${code}</code></p>`}`
  return page({ title: 'This request cannot go on', about, body, bad: true, status })
}

/** What a developer can put in the place of what was sent. */
export interface KnownValues {
  readonly label: string
  readonly values: readonly string[]
  readonly note?: string | false
}

function knownValues({ label, values, note }: KnownValues): Html {
  const items = values.map((value) => html`<li><bdi>${value}</bdi></li>`)
  return html`<p>${label}${items.length === 0 && ' None.'}</p>${items.length > 0 && html`<ul>${items}</ul>`}
${note && html`<p class="quiet">${note}</p>`}`
}

/** What a browser is shown where there is no page of its own for a refusal. */
export function refusalPage(status: number): Promise<DevAnswer> {
  const text = refusalTexts[status] ?? 'The server cannot answer this.'
  return page({
    title: refusalTitles[status] ?? 'This does not work',
    about,
    body: html`<p>${text}</p>`,
    bad: true,
    status,
  })
}

const refusalTitles: Readonly<Record<number, string>> = {
  404: 'Not found',
  429: 'Too many attempts',
  500: 'The server failed',
}
const refusalTexts: Readonly<Record<number, string>> = {
  404: 'There is no page at this address.',
  405: 'This page is opened by its own form.',
  413: 'The form is too long.',
  415: 'This page takes forms alone.',
  429: 'Wait some minutes and try again.',
  500: 'It is not your fault. Go back and try again; whoever runs this server finds the cause in its report.',
}

export function donePage(title: string, text: string, cookies: readonly string[] = []): Promise<DevAnswer> {
  return page({ title, about, body: html`<p>${text}</p>`, cookies })
}

export interface LogoutQuestion {
  readonly userName: string
  readonly cookies: readonly string[]
  readonly formTarget?: string
}

export function logoutPage(frame: FormFrame, input: LogoutQuestion): Promise<DevAnswer> {
  const { userName, formTarget, cookies } = input
  const body = html`<p>You are logged in as ${nameText(userName)}.</p>
<div class="stack">
${act(frame, 'logout', 'Log out')}
${act(frame, 'stay', 'Stay logged in', true)}
</div>`
  return page({ title: 'Log out?', about, body, cookies, ...(formTarget !== undefined && { formTarget }) })
}

/** OAuth 2.0 Form Post Response Mode: a form that a script sends, or a button where there are no scripts. */
export function formPostPage(action: string, fields: Readonly<Record<string, string>>): Promise<DevAnswer> {
  const inputs = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  const body = html`<form method="post" action="${action}">${inputs}<button>Continue</button></form>`
  return page({
    title: 'Back to the application',
    about,
    body,
    formTarget: action,
    script: 'document.forms[0].submit()',
  })
}

/** Front-Channel Logout 2, 3: the clients' pages in frames that nobody sees, and then on by the user's hand. */
export function loggingOutPage({
  frames,
  cookie,
  redirectTo,
}: {
  readonly frames: readonly string[]
  readonly cookie: string
  readonly redirectTo: string | undefined
}): Promise<DevAnswer> {
  const body = html`<p>You are logged out.</p>${frames.map((url) => html`<iframe hidden src="${url}" title="Logout"></iframe>`)}
${redirectTo !== undefined && html`<a class="button" href="${redirectTo}">Continue</a>`}`
  return page({ title: 'Logged out', about, body, frames, cookies: [cookie] })
}
