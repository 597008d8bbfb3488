/**
 * One name or value in `application/x-www-form-urlencoded`: UTF-8, a plus for a space, everything but
 * letters, digits and `*-._` percent-encoded.
 *
 * @throws TypeError for a lone surrogate, which has no UTF-8 and would silently become another character
 * @see RFC 6749 appendix B
 */
export function encodeFormComponent(text: string): string {
  if (/\p{Cs}/u.test(text))
    throw new TypeError('text with a lone surrogate cannot be form-encoded (RFC 6749 appendix B)')
  return new URLSearchParams({ v: text }).toString().slice(2)
}
