// The example app as its user sees it, in Chromium, with an account of a real personal data server.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApp, scopes } from '../../../examples/atproto-app/app.ts'
import { type AtprotoEvent, createUnauthenticatedXrpcClient } from '../../../src/atproto/index.ts'
import { generateSealingKey } from '../../../src/web/index.ts'
import { toNodeListener } from '../../../src/web/node.ts'
import { type PdsRig, signIn, startRig, takePicture } from './rig.ts'

let rig: PdsRig
beforeAll(async () => {
  rig = await startRig()
})
afterAll(async () => await rig?.close())

/** The app, listening where its logins come back to. */
function anApp(events: AtprotoEvent[] = []): string {
  const app = createApp(rig.publicClient({ events, scopes }), generateSealingKey())
  return rig.serve(toNodeListener(async (request) => await app.fetch(request))).origin
}

it.each([
  ['a phone', { width: 390, height: 844 }],
  ['a desktop', { width: 1280, height: 800 }],
])('on %s a user logs in by handle, writes a post and logs out', async (device, viewport) => {
  const events: AtprotoEvent[] = []
  const origin = anApp(events)
  const { handle, did } = await rig.anAccount()
  const context = await rig.browser.newContext({ viewport })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' && page.url().startsWith(origin)) complaints.push(message.text())
  })
  const picture = (name: string) => takePicture(page, `atproto-${device.replace('a ', '')}-${name}`)

  await page.goto(origin)
  await picture('1-login')
  await page.getByLabel('Handle').fill('nobody-there.test')
  await page.getByRole('button', { name: 'Log in' }).click()
  expect(await page.getByRole('alert').textContent()).toBe('There is no account with this handle.')
  expect(await page.getByLabel('Handle').inputValue()).toBe('nobody-there.test')
  await picture('2-unknown-handle')

  await page.getByLabel('Handle').fill(`@${handle}`)
  await page.getByRole('button', { name: 'Log in' }).click()
  await signIn(page, handle)
  const authorize = page.getByRole('button', { name: 'Authorize', exact: true })
  await authorize.waitFor()
  await picture('3-consent')
  await authorize.click()

  await page.getByText(`Logged in as ${handle}`).waitFor()
  // The code is in no address that the user sees, bookmarks or goes back to.
  expect(page.url()).toBe(`${origin}/`)
  const text = 'Dia duit <b>a dhomhain</b> & "eile"'
  await page.getByLabel('New post').fill(text)
  await page.getByRole('button', { name: 'Post' }).click()
  await page.getByRole('listitem').getByText(text).waitFor()
  await picture('4-posted')
  const stored = await createUnauthenticatedXrpcClient<{
    'com.atproto.repo.listRecords': { output: { records: { value: { text: string } }[] } }
  }>({ service: rig.pds.url }).get('com.atproto.repo.listRecords', {
    params: { repo: did, collection: 'app.bsky.feed.post' },
  })
  expect(stored.data.records.map(({ value }) => value.text)).toEqual([text])

  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByLabel('Handle').waitFor()
  await picture('5-logged-out')
  expect((await context.cookies(origin)).map(({ name }) => name)).not.toContain('authentype-session')
  const kinds = events.map(({ kind }) => kind)
  expect(kinds).toContain('session_ended')
  expect(kinds).not.toContain('revocation_failed')
  expect(complaints.filter((text) => !text.includes('400'))).toEqual([])
  await context.close()
})

it('shows a refusal, and a login that has ended, on its own page', async () => {
  const origin = anApp()
  const { handle, did } = await rig.anAccount()
  const page = await rig.browser.newPage()
  const begin = async () => {
    await page.goto(origin)
    await page.getByLabel('Handle').fill(handle)
    await page.getByRole('button', { name: 'Log in' }).click()
    await signIn(page, handle)
  }
  await begin()
  await page.getByRole('button', { name: 'Deny access' }).click()
  await page.getByLabel('Handle').waitFor()
  expect(await page.getByRole('alert').textContent()).toBe('You did not allow the login.')

  await begin()
  await page.getByRole('button', { name: 'Authorize', exact: true }).click()
  await page.getByText(`Logged in as ${handle}`).waitFor()
  await rig.pds.revokeAll(did)
  const seen = await page.goto(origin)
  expect(seen?.status()).toBe(200)
  expect(await page.getByRole('alert').textContent()).toContain('Please log in again')
  await page.close()
})

it('takes a post from its own pages alone, and a callback from the browser that began', async () => {
  const origin = anApp()
  const forged = await fetch(`${origin}/post`, {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
    body: new URLSearchParams({ text: 'x' }),
  })
  expect(forged.status).toBe(403)
  const logout = await fetch(`${origin}/logout`, { method: 'POST', headers: { origin: 'https://evil.example' } })
  expect(logout.status).toBe(403)
  const callback = await fetch(`${origin}/callback?code=a&state=b&iss=${rig.pds.url}`)
  expect(callback.status).toBe(400)
})

it('on the internet it is a client with a key, whose document it serves itself', async () => {
  const seen: string[] = []
  const client = rig.confidentialClient({ scopes })
  const app = createApp(client, generateSealingKey())
  rig.serve(
    toNodeListener(async (request) => {
      seen.push(new URL(request.url).pathname)
      return await app.fetch(request)
    }),
  )
  const { handle, did } = await rig.anAccount()
  const context = await rig.browser.newContext()
  const page = await context.newPage()
  const address = `https://${rig.appHost}/`
  await page.goto(address)
  await page.getByLabel('Handle').fill(handle)
  await page.getByRole('button', { name: 'Log in' }).click()
  await signIn(page, handle)
  await page.getByRole('button', { name: 'Authorize', exact: true }).click()
  await page.getByText(`Logged in as ${handle}`).waitFor()
  expect(page.url()).toBe(address)
  expect(seen).toContain('/client-metadata.json')
  const cookies = await context.cookies(address)
  expect(cookies.find(({ name }) => name === '__Host-authentype-session')).toMatchObject({
    secure: true,
    httpOnly: true,
    sameSite: 'Lax',
  })
  await page.getByLabel('New post').fill('over TLS')
  await page.getByRole('button', { name: 'Post' }).click()
  await page.getByRole('listitem').getByText('over TLS').waitFor()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByLabel('Handle').waitFor()
  expect(await client.sessions.findByDid(did)).toEqual([])
  await context.close()
})
