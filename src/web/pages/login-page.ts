import { type Html, html } from '../../lib/html.ts'

export interface LoginPage {
  readonly loginPath: string
  readonly returnTo: string | undefined
  /** Those to choose from. */
  readonly issuers: readonly string[]
  /** Whether a handle can be entered. */
  readonly takesHandle: boolean
  /** What was entered before. */
  readonly handle?: string | undefined
  /** What was wrong with it. */
  readonly problem?: string | undefined
}

export function loginBody({ loginPath, returnTo, issuers, takesHandle, handle = '', problem }: LoginPage): Html {
  const hidden = returnTo !== undefined && html`<input type="hidden" name="return_to" value="${returnTo}">`
  const choices = issuers.map(
    (
      issuer,
    ) => html`<form method="get" action="${loginPath}">${hidden}<input type="hidden" name="issuer" value="${issuer}">
<button class="${takesHandle ? 'second' : ''}">${nameOf(issuer)}</button></form>`,
  )
  const described = problem !== undefined && html` aria-invalid="true" aria-describedby="problem"`
  return html`${problem !== undefined && html`<p id="problem" class="problem" role="alert">${problem}</p>`}
${
  takesHandle &&
  html`<form method="get" action="${loginPath}">${hidden}
<label for="handle">Handle</label>
<input type="text" id="handle" name="handle" value="${handle}" required autocomplete="username" autocapitalize="none" spellcheck="false"${described}>
<button>Log in</button></form>`
}
${takesHandle && choices.length > 0 && html`<p class="quiet or">Or log in with</p>`}
<div class="stack">${choices}</div>`
}

/** Host and path: what tells one issuer from another. */
export function nameOf(issuer: string): string {
  if (!URL.canParse(issuer)) return issuer
  const { host, pathname } = new URL(issuer)
  return pathname === '/' ? host : host + pathname
}
