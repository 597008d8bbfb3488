/** Adds pairs to the query of a URL, behind those that it has. */
export function appendQuery(url: URL, pairs: readonly string[]): void {
  if (pairs.length > 0) url.search += (url.search && '&') + pairs.join('&')
}
