import type { AuthorizationDetail } from '../../../generated/models.ts'
import { type Html, html } from '../../lib/html.ts'

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

/** RFC 9396 2: what is asked for beyond scopes, each member as the client sent it. */
export function detailList(details: readonly AuthorizationDetail[] = []): Html | false {
  const items = details.map(({ type, ...members }) => {
    const lines = Object.entries(members).map(
      ([name, value]) => html`<code><bdi>${name}: ${textOf(value)}</bdi></code>`,
    )
    return html`<li><bdi>${type}</bdi>${lines}</li>`
  })
  return items.length > 0 && html`<p class="quiet">In particular:</p><ul>${items}</ul>`
}

/** RFC 8707 2: the APIs that a token would be good at. */
export function resourceList(resources: readonly string[]): Html | false {
  const items = resources.map((one) => html`<li>${one}</li>`)
  return items.length > 0 && html`<p class="quiet">At:</p><ul>${items}</ul>`
}

function textOf(value: unknown): string {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const scopeTexts: Readonly<Record<string, string>> = {
  openid: 'Know who you are',
  profile: 'See your name and profile',
  email: 'See your email address',
  address: 'See your postal address',
  phone: 'See your phone number',
  offline_access: 'Stay connected while you are away',
}
