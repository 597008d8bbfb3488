import { type Html, html } from '../../lib/html.ts'
import { type FormFrame, form, problemText } from './forms.ts'
import { nameText } from './name-text.ts'

export interface OfferPage {
  readonly frame: FormFrame
  readonly userName: string
  readonly problem?: string | undefined
}

export function offerBody({ frame, userName, problem }: OfferPage): Html {
  const described = problem !== undefined && { markup: ' aria-invalid="true" aria-describedby="problem"' }
  return html`<p>Whoever has a pre-authorized code gets tokens for you, once.</p>${problemText(problem)}
${form(
  frame,
  html`
<label for="scope">Scope</label>
<input type="text" id="scope" name="scope" value="openid profile" autocomplete="off" autocapitalize="none" spellcheck="false"${described}>
<label class="check"><input type="checkbox" name="with_tx_code" value="yes" checked>With a transaction code</label>
<button name="act" value="offer">Make the code</button>`,
)}
<p class="quiet after">You are logged in as ${nameText(userName)}.</p>`
}

export interface MadeOffer {
  readonly code: string
  readonly txCode: string | undefined
  /** Seconds. */
  readonly expiresIn: number
}

export function madeOfferBody({ code, txCode, expiresIn }: MadeOffer): Html {
  return html`<p>Pre-authorized code:</p>
<p><code id="code">${code}</code></p>
${txCode !== undefined && html`<p>Transaction code:</p><p><code id="tx_code">${txCode}</code></p>`}
<p class="quiet after">Good once, for ${String(expiresIn)} seconds.</p>`
}
