import { html } from '../../lib/html.ts'
import type { DevAnswer } from '../exchange.ts'
import { about, page } from './layout.ts'
import { nameText } from './name-text.ts'

export interface FrontPage {
  readonly issuer: string
  /** Their passwords are for whoever started the server. */
  readonly users: readonly string[]
  readonly clients: readonly string[]
  readonly links: readonly { readonly path: string; readonly text: string }[]
}

/** What stands at the issuer itself. */
export function frontPage({ issuer, users, clients, links }: FrontPage): Promise<DevAnswer> {
  const body = html`<p>The issuer is <code>${issuer}</code>.</p>
<ul>${links.map(({ path, text }) => html`<li><a href="${path}">${text}<code>${path}</code></a></li>`)}</ul>
<p class="quiet after">Users: ${listed(users)}<br>Clients: ${listed(clients)}</p>`
  return page({ title: 'The server runs', about, body })
}

function listed(names: readonly string[]) {
  return names.length === 0 ? 'none' : names.map((name, i) => html`${i > 0 && ', '}${nameText(name)}`)
}
