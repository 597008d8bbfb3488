import { type Html, html } from './html.ts'

/** What every form carries: where it goes, and the proof that a page of ours made it. */
export interface FormFrame {
  readonly action: string
  readonly guard: string
}

export function form({ action, guard }: FormFrame, content: Html): Html {
  return html`<form method="post" action="${action}"><input type="hidden" name="guard" value="${guard}">${content}</form>`
}

/** A form of one button. */
export function act(frame: FormFrame, name: string, label: Html | string, isSecond = false): Html {
  const kind = isSecond && { markup: ' class="second"' }
  return form(frame, html`<button name="act" value="${name}"${kind}>${label}</button>`)
}

export function problemText(problem: string | undefined): Html | false {
  return problem !== undefined && html`<p id="problem" class="problem" role="alert">${problem}</p>`
}

/** What each scope lets a client do, in words where this server has them. */
export function scopeList(scope: readonly string[]): Html {
  if (scope.length === 0) return html`<p class="quiet">No particular permission.</p>`
  return html`<ul>${scope.map((one) => {
    const text = scopeTexts[one]
    return text === undefined ? html`<li>${one}</li>` : html`<li>${text}<code>${one}</code></li>`
  })}</ul>`
}

const scopeTexts: Readonly<Record<string, string>> = {
  openid: 'Know who you are',
  profile: 'See your name and profile',
  email: 'See your email address',
  address: 'See your postal address',
  phone: 'See your phone number',
  offline_access: 'Stay connected while you are away',
}
