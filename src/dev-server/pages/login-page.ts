import { type Html, html } from '../../lib/html.ts'
import { type FormFrame, form, problemText } from './forms.ts'

export interface LoginPage {
  readonly frame: FormFrame
  /** What was entered before, or what the client hinted at. */
  readonly username?: string | undefined
  readonly problem?: string | undefined
  /** Why a user who is logged in is asked again. */
  readonly reason?: string | undefined
  /** Whether the login can be called off. @default false */
  readonly canCancel?: boolean
}

export function loginBody({ frame, username = '', problem, reason, canCancel = false }: LoginPage): Html {
  const described = problem !== undefined && { markup: ' aria-invalid="true" aria-describedby="problem"' }
  return html`${reason !== undefined && html`<p class="quiet">${reason}</p>`}${problemText(problem)}
${form(
  frame,
  html`
<label for="username">User name</label>
<input type="text" id="username" name="username" value="${username}" required autocomplete="username" autocapitalize="none" spellcheck="false"${described}>
<label for="password">Password</label>
<input type="password" id="password" name="password" required autocomplete="current-password"${described}>
<div class="stack">
<button name="act" value="login">Log in</button>
${canCancel && html`<button name="act" value="deny" class="second" formnovalidate>Cancel</button>`}
</div>`,
)}`
}
