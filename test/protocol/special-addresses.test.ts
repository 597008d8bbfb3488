import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPublicAddress, isPublicHost } from '../../src/protocol/special-addresses.ts'

describe('addresses', () => {
  it.each([
    ...['1.1.1.1', '8.8.8.8', '11.0.0.1', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.1'],
    ...['169.253.255.255', '172.15.255.255', '172.32.0.0', '192.0.1.0', '192.167.255.255', '198.17.255.255'],
    ...['198.20.0.0', '203.0.112.255', '223.255.255.255', '2606:4700:4700::1111', '2a00:1450:4001::1', '2001:200::1'],
    ...['64:ff9b::808:808', '::ffff:8.8.8.8', '3ffe:1::1'],
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  it.each([
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.255.254'],
    ...['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.8', '192.0.2.1', '192.88.99.1', '192.168.1.1'],
    ...['198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.255.255.255', '240.0.0.1'],
    ...['255.255.255.255', '::', '::1', '::7f00:1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe'],
    ...[
      '64:ff9b::a00:1',
      '64:ff9b:1::1',
      '100::1',
      '2001::1',
      '2001:db8::1',
      '2001:10::1',
      '2002:7f00:1::',
      '3fff:fff::1',
    ],
    ...['fc00::1', 'fd12:3456::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '4000::1', '5f00::1'],
    ...['', 'localhost', '1.1.1', '1.1.1.1.1', '256.1.1.1', '1.1.1.256', ':::', 'x::1', '1.1.1.1 '],
  ])('%j is not', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  it('never throws, and no IPv4 address is public under another name and private under its own', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isPublicAddress(`::ffff:${address}`)).toBe(isPublicAddress(address))
        expect(isPublicAddress(`64:ff9b::${address}`)).toBe(isPublicAddress(address))
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => typeof isPublicAddress(text) === 'boolean'))
  })
})

describe('hosts', () => {
  it.each(['op.example', 'OP.EXAMPLE.', '8.8.8.8', '[2606:4700::1]', 'localhost.example', 'a.b.co'])(
    '%s may be public',
    (host) => {
      expect(isPublicHost(host)).toBe(true)
    },
  )

  it.each([
    ...['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'printer.local', 'metadata.google.internal', 'intranet'],
    ...['router.home.arpa', 'x.onion', 'a.test', 'b.invalid', '127.0.0.1', '[::1]', '[fe80::1]', '10.0.0.1', ''],
  ])('%s is not', (host) => {
    expect(isPublicHost(host)).toBe(false)
  })

  it.each([
    'https://0x7f.1/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://[::ffff:7f00:1]/',
    'https://127.1/',
  ])('is not fooled by %s', (url) => {
    expect(isPublicHost(new URL(url).hostname)).toBe(false)
  })
})
