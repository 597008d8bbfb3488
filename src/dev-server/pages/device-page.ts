import { type Html, html } from '../../lib/html.ts'
import { type FormFrame, form, problemText } from './forms.ts'

export interface DeviceCodePage {
  readonly frame: FormFrame
  /** What was entered, or came with the link. */
  readonly userCode?: string | undefined
  readonly problem?: string | undefined
}

/** RFC 8628 3.3.1: a code that came with the link is shown, so that the user compares it with the device's. */
export function deviceCodeBody({ frame, userCode = '', problem }: DeviceCodePage): Html {
  const described = problem !== undefined && { markup: ' aria-invalid="true" aria-describedby="problem"' }
  return html`<p>${
    userCode === '' || problem !== undefined
      ? 'Enter the code that your device shows.'
      : 'Is this the code that your device shows?'
  }</p>${problemText(problem)}
${form(
  frame,
  html`
<label for="user_code">Code</label>
<input type="text" class="code" id="user_code" name="user_code" value="${userCode}" required maxlength="16" autocomplete="off" autocapitalize="characters" spellcheck="false"${described}>
<button name="act" value="code">Continue</button>`,
)}
<p class="quiet after">Go on only if you started this yourself, on a device that is yours.</p>`
}
