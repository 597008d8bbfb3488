import type { AuthorizationDetail } from '../../../generated/models.ts'
import { type Html, html } from '../../lib/html.ts'
import { detailList, type FormFrame, form, resourceList, scopeList } from './forms.ts'
import { nameText } from './name-text.ts'

/** What an application asks of the user, without a browser of theirs at it. */
export interface InboxItem {
  readonly entryId: string
  readonly clientName: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly details: readonly AuthorizationDetail[] | undefined
  readonly bindingMessage: string | undefined
}

export interface InboxPage {
  readonly frame: FormFrame
  readonly userName: string
  readonly items: readonly InboxItem[]
}

export function inboxBody({ frame, userName, items }: InboxPage): Html {
  const nothing =
    items.length === 0 && html`<p>Nothing waits for you. Load the page again when an application asks.</p>`
  return html`${nothing}${items.map((item) => request(frame, item))}
<p class="quiet after">You are logged in as ${nameText(userName)}.</p>`
}

/** CIBA Core 7.1: the user compares the message with what the other device shows. */
function request(
  frame: FormFrame,
  { entryId, clientName, scope, resources, details, bindingMessage }: InboxItem,
): Html {
  const entry = html`<input type="hidden" name="entry" value="${entryId}">`
  return html`<section>
<p>${nameText(clientName)} asks to:</p>
${scopeList(scope)}
${detailList(details)}
${resourceList(resources)}
${bindingMessage !== undefined && html`<p>It shows: <code><bdi>${bindingMessage}</bdi></code></p>`}
<div class="stack">
${form(frame, html`${entry}<button name="act" value="allow">Allow</button>`)}
${form(frame, html`${entry}<button name="act" value="deny" class="second">Deny</button>`)}
</div>
</section>`
}
