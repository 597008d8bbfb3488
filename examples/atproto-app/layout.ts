// What all pages of the app have around them.
import { html, raw } from 'hono/html'

const style = `
  :root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a4150); --accent: light-dark(#1d5fd0, #7fb0ff) }
  * { box-sizing: border-box }
  body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; background: light-dark(#f6f7f9, #14171d) }
  main { width: min(34rem, 100% - 2rem); margin: 2rem auto; padding: 1.5rem; background: light-dark(#fff, #1d212a); border: 1px solid var(--line); border-radius: .75rem }
  h1 { margin: 0 0 1rem; font-size: 1.4rem } h2 { margin: 2rem 0 .5rem; font-size: 1rem }
  header { display: flex; gap: 1rem; justify-content: space-between; align-items: center; margin-bottom: 1rem }
  header p { margin: 0; overflow-wrap: anywhere }
  label { display: block; font-weight: 600; margin-bottom: .25rem }
  input, textarea { width: 100%; font: inherit; padding: .6rem .75rem; border: 1px solid var(--line); border-radius: .5rem; background: transparent; color: inherit }
  button { font: inherit; font-weight: 600; margin-top: .75rem; padding: .6rem 1.25rem; border: 0; border-radius: .5rem; background: var(--accent); color: light-dark(#fff, #10131a); cursor: pointer }
  button.quiet { margin: 0; background: transparent; color: inherit; border: 1px solid var(--line); white-space: nowrap }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
  ol { list-style: none; margin: 0; padding: 0 } li { padding: .75rem 0; border-top: 1px solid var(--line) }
  li p { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap } time, p.quiet { opacity: .7; font-size: .875rem }
  .error { padding: .6rem .75rem; border: 1px solid #c0392b; border-radius: .5rem; overflow-wrap: anywhere }
`

export function layout(content: ReturnType<typeof html>): ReturnType<typeof html> {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Notes to the network</title>
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <main>
          <h1>Notes to the network</h1>
          ${content}
        </main>
      </body>
    </html>`
}
