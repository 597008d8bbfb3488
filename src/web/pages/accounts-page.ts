import { type Html, html } from '../../lib/html.ts'
import { nameOf } from './login-page.ts'

/** One account that is logged in in this browser, as its user may see it. */
export interface WebAccount {
  /** Names it in forms: `account` of `POST /switch` and `POST /logout`. It opens nothing. */
  readonly ref: string
  readonly issuer: string
  readonly subject: string | undefined
  /** The user's name, as the id_token has it; else their subject. */
  readonly name: string
  readonly active: boolean
}

export interface AccountsPage {
  readonly accounts: readonly WebAccount[]
  /** Leads back to this page. */
  readonly loginPath: string
  readonly logoutPath: string
  readonly switchPath: string
}

export function accountsBody({ accounts, loginPath, logoutPath, switchPath }: AccountsPage): Html {
  if (accounts.length === 0) {
    return html`<p>You are not logged in.</p><a class="button" href="${loginPath}">Log in</a>`
  }
  const rows = accounts.map(
    (
      account,
    ) => html`<li><span class="who"><strong><bdi>${account.name}</bdi>${account.active && html` <span class="badge">In use</span>`}</strong>
<span class="quiet">${nameOf(account.issuer)}</span></span>
<span class="acts">${!account.active && act(switchPath, account, 'Use')}${act(logoutPath, account, 'Log out')}</span></li>`,
  )
  return html`<ul>${rows}</ul>
<div class="stack">
<a class="button" href="${loginPath}&prompt=select_account">Add another account</a>
<form method="post" action="${logoutPath}"><input type="hidden" name="scope" value="everywhere"><button class="second">${everywhereLabel(accounts)}</button></form>
${
  accounts.length > 1 &&
  html`<form method="post" action="${logoutPath}"><input type="hidden" name="scope" value="browser"><button class="second">Log out of all accounts</button></form>`
}
</div>`
}

/** It ends the active account alone, wherever that is logged in: among several the user is told which. */
function everywhereLabel(accounts: readonly WebAccount[]): Html {
  const active = accounts.find((account) => account.active)
  return accounts.length > 1 && active
    ? html`<span>Log out <bdi>${active.name}</bdi> on all devices</span>`
    : html`Log out on all devices`
}

function act(path: string, { ref, name }: WebAccount, label: string): Html {
  return html`<form method="post" action="${path}"><input type="hidden" name="account" value="${ref}"><button class="second" aria-label="${label}: ${name}">${label}</button></form>`
}
