import { afterEach, describe, expect, it } from 'vitest'
import { readCookie } from '../../src/web/cookies.ts'
import { generateSealingKey } from '../../src/web/index.ts'
import { aWebApp, closeRigs } from './rig.ts'

afterEach(closeRigs)

const name = '__Host-authentype-session'
const nobody = { ok: false, reason: 'none' }

describe('reading a cookie', () => {
  it.each<[string, string, string | undefined]>([
    ['alone', 'a=1', '1'],
    ['among others', 'b=2; a=1; c=3', '1'],
    ['with equals signs in it', 'a=1==', '1=='],
    ['twice: somebody tossed one in', 'a=1; a=2', undefined],
    ['twice with the same value', 'a=1; a=1', undefined],
    ['under a longer name', 'aa=1', undefined],
    ['under a name of another case', 'A=1', undefined],
    ['under a name with white space that is none in a cookie', '\u2000a=1', undefined],
    ['under a name with a no-break space', '\u00a0a=1', undefined],
    ['without a name', '=a=1', undefined],
    ['without a value', 'a=', undefined],
    ['without an equals sign', 'a', undefined],
    ['in the value of another', 'b="x; a=1"', '1"'],
    ['not at all', '', undefined],
  ])('finds it %s', (_, header, expected) => {
    expect(readCookie(header, 'a')).toBe(expected)
  })
})

describe('a cookie that is not as it was made', () => {
  it.each<[string, (value: string) => string]>([
    ['changed at its end', (value) => value.slice(0, -1) + (value.endsWith('A') ? 'Q' : 'A')],
    ['changed in its middle', (value) => value.replace(/\.\.(.)/, (_, c: string) => `..${c === 'A' ? 'B' : 'A'}`)],
    ['cut short', (value) => value.slice(0, 40)],
    ['in plain text', () => 'x'.repeat(22)],
    ['empty', () => ''],
    ['enormous', () => 'x'.repeat(10_000)],
  ])('logs nobody in: %s', async (_, change) => {
    const { newBrowser } = await aWebApp()
    const browser = newBrowser()
    await browser.login()
    browser.cookies.set(name, change(browser.cookies.get(name)!))
    expect(await browser.me()).toEqual(nobody)
    await browser.login()
    expect(await browser.me()).toMatchObject({ subject: 'alice' })
  })

  it('was tossed in by a neighbour: under the bare name it is not read, twice it is not believed', async () => {
    const { newBrowser } = await aWebApp()
    const attacker = newBrowser()
    await attacker.login()
    const theirs = attacker.cookies.get(name)!
    const victim = newBrowser()
    const ask = async (cookie: string) => await (await victim.request('/me', { headers: { cookie } })).json()
    expect(await ask(`authentype-session=${theirs}`)).toEqual(nobody)
    await victim.login()
    expect(await ask(`${name}=${victim.cookies.get(name)}; ${name}=${theirs}`)).toEqual(nobody)
  })

  it('was sealed with a key that is no longer there', async () => {
    const [older, newer] = [generateSealingKey(), generateSealingKey()]
    const first = await aWebApp({ web: { cookieKeys: [older] } })
    const browser = first.newBrowser()
    await browser.login()
    const request = () =>
      new Request('https://app.example/', { headers: { cookie: `${name}=${browser.cookies.get(name)}` } })
    const rotated = await aWebApp({
      wrapStore: () => first.store,
      web: { sessions: first.sessions, cookieKeys: [newer, older] },
    })
    expect(await rotated.web.fromRequest(request())).toMatchObject({ ok: true })
    const dropped = await aWebApp({
      wrapStore: () => first.store,
      web: { sessions: first.sessions, cookieKeys: [newer] },
    })
    expect(await dropped.web.fromRequest(request())).toEqual(nobody)
  })
})
