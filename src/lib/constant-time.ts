/**
 * Whether two strings are equal, in a time that depends only on the length of `b`, the side that the
 * other party chose. So a guesser learns nothing from how long a wrong guess took.
 */
export function timingSafeEqual(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < b.length; i++) {
    // Beyond the end of `a` the character code is NaN, which counts as 0; the lengths differ then anyhow.
    difference |= a.charCodeAt(i) ^ b.charCodeAt(i)
  }
  return difference === 0
}
