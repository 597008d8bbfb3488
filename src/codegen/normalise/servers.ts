import { list, own, text } from './raw.ts'

/** Characters of a server's URL, and of a variable in it. */
const longest = 2000

/** A regular expression would try each slash of a long run anew. */
export function withoutTrailingSlashes(url: string): string {
  let end = url.length
  while (url[end - 1] === '/') end--
  return url.slice(0, end)
}

/** The first server's URL with its variables' defaults; undefined where it is not absolute, since it then says nothing. */
export function firstServer(servers: unknown): string | undefined {
  const server = list(servers)[0]
  const template = text(own(server, 'url'))
  if (template === undefined || template.length > longest) return undefined
  const variables = own(server, 'variables')
  // Once: a default that names another variable is no bomb.
  const url = template.replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    const value = own(own(variables, name), 'default')
    return value === undefined ? whole : String(value).slice(0, longest)
  })
  return /^https?:\/\//i.test(url) && URL.canParse(url) ? url : undefined
}
