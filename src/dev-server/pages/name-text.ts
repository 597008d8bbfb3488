import { type Html, html } from '../../lib/html.ts'

/**
 * What a client or a user is called, in whatever script: without the isolation, a name with a control for the direction
 * of text would turn around the words of this server that stand beside it (UAX #9, 2.2).
 */
export function nameText(name: string): Html {
  return html`<strong><bdi>${name}</bdi></strong>`
}
