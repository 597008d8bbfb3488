import { entries, list, own, text } from './raw.ts'

/** The first server's URL with its variables' defaults; undefined where it is not absolute, since it then says nothing. */
export function firstServer(servers: unknown): string | undefined {
  const server = list(servers)[0]
  let url = text(own(server, 'url'))
  if (url === undefined) return undefined
  for (const [name, variable] of entries(own(server, 'variables'))) {
    url = url.replaceAll(`{${name}}`, () => String(own(variable, 'default') ?? ''))
  }
  return /^https?:\/\//i.test(url) && URL.canParse(url) ? url : undefined
}
