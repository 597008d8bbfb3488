import type { AuthorizationDetail } from '../../../generated/models.ts'
import { type Html, html } from '../../lib/html.ts'
import { act, detailList, type FormFrame, resourceList, scopeList } from './forms.ts'
import { nameText } from './name-text.ts'

export interface ConsentPage {
  readonly frame: FormFrame
  readonly clientName: string
  readonly userName: string
  readonly scope: readonly string[]
  /** Claims beyond those of the scope. @default none */
  readonly claims?: readonly string[]
  readonly resources: readonly string[]
  /** @default none */
  readonly details?: readonly AuthorizationDetail[] | undefined
  /** Where the browser goes next; absent for a device. */
  readonly redirectUri?: string
}

export function consentBody(input: ConsentPage): Html {
  const { frame, clientName, userName, scope, claims = [], resources, details, redirectUri } = input
  return html`<p>${nameText(clientName)} asks to:</p>
${scopeList(scope)}
${claims.length > 0 && html`<p class="quiet">And to know of you:</p><ul>${claims.map((one) => html`<li>${one}</li>`)}</ul>`}
${detailList(details)}
${resourceList(resources)}
<div class="stack">
${act(frame, 'allow', 'Allow')}
${act(frame, 'deny', 'Deny', true)}
</div>
<p class="quiet after">You are logged in as ${nameText(userName)}.${
    redirectUri !== undefined && html` You go on to <code>${placeOf(redirectUri)}</code>.`
  }</p>`
}

export interface SelectPage {
  readonly frame: FormFrame
  readonly userName: string
}

export function selectBody({ frame, userName }: SelectPage): Html {
  return html`<p>You are logged in as ${nameText(userName)}.</p>
<div class="stack">
${act(frame, 'continue', html`<span>Continue as <bdi>${userName}</bdi></span>`)}
${act(frame, 'switch', 'Use another account', true)}
</div>`
}

/** What tells one place from another. */
function placeOf(uri: string): string {
  const { host, protocol } = new URL(uri)
  return host === '' ? protocol : host
}
