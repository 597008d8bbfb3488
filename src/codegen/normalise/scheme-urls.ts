import { entries, own, text } from './raw.ts'

const flowUrls: Readonly<Record<string, string>> = {
  authorizationUrl: 'authorization_endpoint',
  tokenUrl: 'token_endpoint',
  deviceAuthorizationUrl: 'device_authorization_endpoint',
}

/** By metadata field, the URLs that the document's OAuth security schemes name for it. */
export function readSchemeUrls(schemes: unknown): ReadonlyMap<string, readonly string[]> {
  const urls = new Map<string, string[]>()
  for (const [, scheme] of entries(schemes)) {
    if (text(own(scheme, 'type')) !== 'oauth2') continue
    // Swagger 2.0 has the one flow of a scheme in the scheme itself.
    for (const flow of [scheme, ...entries(own(scheme, 'flows')).map(([, each]) => each)]) {
      for (const [key, field] of Object.entries(flowUrls)) {
        const url = text(own(flow, key))
        if (url !== undefined) urls.set(field, [...(urls.get(field) ?? []), url])
      }
    }
  }
  return urls
}
