/** Texts that many values have, such as names, issuers and scopes, each kept once and named by a number. */
export interface CommonTexts {
  /** Its number, which stays its own; `undefined` while it is not known to be common. */
  number(text: string): number | undefined
  text(number: number): string
}

/** How often it must come, so that a value that is put anew a few times does not make its own texts common. */
const timesToBeCommon = 8
/** Longer ones hardly ever come again. */
const longestCommon = 64
/** What is as long as this and neither a URL nor a list may be a token, which is kept nowhere but in its record. */
const shortestSecret = 16
/** A number is never given to another text, since what is packed names it; so there is an end. */
const maxCommon = 4_096
/** Who has not come often enough among so many has to begin anew. */
const maxCandidates = 512

export function createCommonTexts(): CommonTexts {
  const texts: string[] = []
  const numbers = new Map<string, number>()
  const candidates = new Map<string, number>()
  return {
    number(text) {
      if (text.length > longestCommon || (text.length >= shortestSecret && !/:\/\/| /.test(text))) return undefined
      const known = numbers.get(text)
      if (known !== undefined || texts.length === maxCommon) return known
      const times = (candidates.get(text) ?? 0) + 1
      if (times < timesToBeCommon) {
        if (candidates.size === maxCandidates) candidates.clear()
        candidates.set(text, times)
        return undefined
      }
      candidates.delete(text)
      numbers.set(text, texts.length)
      return texts.push(text) - 1
    },
    text: (number) => texts[number]!,
  }
}
