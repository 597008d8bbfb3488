import { gzipSync } from 'node:zlib'
import { absent, type Patch } from '../patch.ts'
import { accepted, refused, table } from '../scenario.ts'

const shape = refused(['invalid_metadata', 'invalid_body'])

/** RFC 8414, OpenID Connect Discovery 1.0 and the limits of spec/2-protocol.md. */
export const discoveryScenarios = table({ area: 'discovery', run: ['begin'] }, [
  {
    name: 'refuses metadata of another issuer',
    clause: 'RFC 8414 3.3',
    fault: { metadata: { issuer: 'https://other.example' } },
    expect: refused('issuer_mismatch'),
  },
  {
    name: 'refuses an issuer that differs by a trailing slash',
    clause: 'RFC 8414 3.3',
    fault: { metadata: { issuer: ({ issuer }) => `${issuer}/` } },
    expect: refused('issuer_mismatch'),
  },
  {
    name: 'refuses an issuer that differs in upper case',
    clause: 'RFC 8414 3.3',
    fault: { metadata: { issuer: ({ issuer }) => issuer.replace('http', 'HTTP') } },
    expect: refused('issuer_mismatch'),
  },
  {
    name: 'refuses metadata without an issuer',
    clause: 'RFC 8414 2',
    fault: { metadata: { issuer: absent } },
    expect: refused(['issuer_mismatch', 'invalid_metadata', 'invalid_body']),
  },
  {
    name: 'refuses an issuer that is an array of the right one',
    clause: 'RFC 8414 2',
    fault: { metadata: { issuer: ({ issuer }) => [issuer] } },
    expect: refused(['issuer_mismatch', 'invalid_metadata', 'invalid_body']),
  },
  {
    name: 'refuses a token endpoint on plain http',
    clause: 'RFC 6749 3.2',
    fault: { metadata: { token_endpoint: 'http://op.example/token' } },
    expect: refused('insecure_endpoint'),
  },
  {
    name: 'refuses an authorization endpoint on plain http',
    clause: 'RFC 6749 3.1',
    fault: { metadata: { authorization_endpoint: 'http://op.example/authorize' } },
    expect: refused('insecure_endpoint'),
  },
  {
    name: 'refuses an authorization endpoint that is a javascript: URL',
    clause: 'RFC 6749 3.1',
    fault: { metadata: { authorization_endpoint: 'javascript:alert(document.domain)//' } },
    expect: refused('insecure_endpoint'),
  },
  {
    name: 'refuses an authorization endpoint that is a data: URL',
    clause: 'RFC 6749 3.1',
    fault: { metadata: { authorization_endpoint: 'data:text/html,<script>alert(1)</script>' } },
    expect: refused('insecure_endpoint'),
  },
  {
    name: 'refuses a PAR endpoint that is a file: URL',
    clause: 'RFC 9126 5',
    fault: { metadata: { pushed_authorization_request_endpoint: 'file:///etc/passwd' } },
    expect: refused('insecure_endpoint'),
  },
  {
    name: 'refuses a jwks_uri on plain http',
    clause: 'RFC 8414 2',
    fault: { metadata: { jwks_uri: 'http://op.example/jwks' } },
    expect: refused('insecure_endpoint'),
  },
  {
    name: 'refuses a token endpoint with a fragment',
    clause: 'RFC 6749 3.2',
    fault: { metadata: { token_endpoint: ({ issuer }) => `${issuer}/token#x` } },
    expect: refused('invalid_metadata'),
  },
  {
    name: 'refuses an authorization endpoint with a fragment',
    clause: 'RFC 6749 3.1',
    fault: { metadata: { authorization_endpoint: ({ issuer }) => `${issuer}/authorize#/login` } },
    expect: refused('invalid_metadata'),
  },
  {
    name: 'refuses a token endpoint with user name and password in it',
    clause: 'RFC 9110 4.2.4',
    fault: { metadata: { token_endpoint: 'https://user:secret@op.example/token' } },
    expect: refused('invalid_metadata'),
  },
  {
    name: 'refuses a relative endpoint',
    clause: 'RFC 8414 2',
    fault: { metadata: { token_endpoint: '/token' } },
    expect: refused('invalid_metadata'),
  },
  {
    name: 'refuses an endpoint that is a number',
    clause: 'RFC 8414 2',
    fault: { metadata: { token_endpoint: 42 } },
    expect: shape,
  },
  ...[
    ['a flag that is a string', { authorization_response_iss_parameter_supported: 'true' }],
    ['a flag that is a number', { require_pushed_authorization_requests: 1 }],
    ['a list that is a string', { code_challenge_methods_supported: 'S256' }],
    ['a list that holds a number', { token_endpoint_auth_methods_supported: ['client_secret_basic', 7] }],
    ['a list that is an object', { id_token_signing_alg_values_supported: { 0: 'ES256' } }],
  ].map(([what, metadata]) => ({
    name: `refuses metadata with ${what}`,
    clause: 'RFC 8414 2',
    fault: { metadata: metadata as Patch },
    expect: shape,
  })),
  {
    name: 'names the missing authorization endpoint',
    clause: 'RFC 8414 2',
    fault: { metadata: { authorization_endpoint: absent } },
    expect: refused(['missing_metadata', 'invalid_metadata', 'invalid_body']),
  },
  {
    name: 'names the missing token endpoint',
    clause: 'RFC 8414 2',
    fault: { metadata: { token_endpoint: absent } },
    run: ['login'],
    expect: refused(['missing_metadata', 'invalid_metadata', 'invalid_body']),
  },
  {
    name: 'refuses a server that lists PKCE methods without S256',
    clause: 'RFC 9700 2.1.1',
    fault: { metadata: { code_challenge_methods_supported: ['plain'] } },
    expect: refused(['invalid_metadata', 'unsupported_by_server']),
  },
  {
    name: 'refuses a server that demands PAR and has no endpoint for it',
    clause: 'RFC 9126 5',
    fault: {
      metadata: { pushed_authorization_request_endpoint: absent, require_pushed_authorization_requests: true },
    },
    expect: refused(['missing_metadata', 'invalid_metadata']),
  },
  {
    name: 'names both lists when the server does not know the way the client authenticates',
    clause: 'RFC 8414 2',
    client: { auth: 'client_secret_post' },
    fault: { metadata: { token_endpoint_auth_methods_supported: ['private_key_jwt', 'tls_client_auth'] } },
    expect: refused('unsupported_by_server'),
  },
  {
    name: 'refuses metadata that is an array',
    clause: 'RFC 8414 3.2',
    fault: { answers: { discovery: { body: (honest) => `[${honest}]` } } },
    expect: shape,
  },
  {
    name: 'refuses metadata that is null',
    clause: 'RFC 8414 3.2',
    fault: { answers: { discovery: { body: 'null' } } },
    expect: shape,
  },
  {
    name: 'refuses an HTML page in place of metadata',
    clause: 'RFC 8414 3.2',
    fault: { answers: { discovery: { headers: { 'content-type': 'text/html' }, body: '<h1>Welcome</h1>' } } },
    expect: refused('unexpected_content_type'),
  },
  {
    name: 'refuses an HTML page that calls itself JSON',
    clause: 'RFC 8414 3.2',
    fault: { answers: { discovery: { body: '<h1>Welcome</h1>' } } },
    expect: refused('invalid_json'),
  },
  {
    name: 'refuses metadata without a content type',
    clause: 'RFC 8414 3.2',
    level: 'recommended',
    fault: { answers: { discovery: { headers: { 'content-type': null } } } },
    expect: refused('unexpected_content_type'),
  },
  {
    name: 'refuses truncated metadata',
    clause: 'RFC 8259 2',
    fault: { answers: { discovery: { body: (honest) => honest.slice(0, -20) } } },
    expect: refused('invalid_json'),
  },
  {
    name: 'refuses metadata with a member twice',
    clause: 'RFC 8259 4',
    fault: {
      answers: {
        discovery: { body: (honest) => honest.replace('{', '{"token_endpoint":"https://evil.example/token",') },
      },
    },
    expect: refused('invalid_json'),
  },
  {
    name: 'refuses metadata with a member twice, once in escapes',
    clause: 'RFC 8259 4',
    fault: {
      answers: { discovery: { body: (honest) => honest.replace('{', '{"\\u0069ssuer":"https://evil.example",') } },
    },
    expect: refused('invalid_json'),
  },
  {
    name: 'refuses an empty answer in place of metadata',
    clause: 'RFC 8259 2',
    fault: { answers: { discovery: { body: '' } } },
    expect: refused('invalid_json'),
  },
  {
    name: 'refuses metadata with status 201',
    clause: 'RFC 8414 3.2',
    fault: { answers: { discovery: { status: 201 } } },
    expect: refused('unexpected_status'),
  },
  {
    name: 'refuses metadata with status 500',
    clause: 'RFC 8414 3.2',
    fault: { answers: { discovery: { status: 500 } } },
    expect: refused(['unexpected_status', 'api_error', 'oauth_error']),
  },
  {
    name: 'reports a server without metadata',
    clause: 'RFC 8414 3.2',
    fault: { answers: { discovery: { status: 404, body: 'nothing here' } } },
    expect: refused(['unexpected_status', 'api_error']),
  },
  {
    name: 'does not follow a redirect of metadata to another origin',
    clause: 'spec/2-protocol.md, Discovery',
    fault: { answers: { discovery: { redirect: { status: 302, hops: 1, to: 'other-origin' } } } },
    expect: refused('redirect_refused'),
  },
  {
    name: 'follows no more than three redirects of metadata',
    clause: 'spec/2-protocol.md, Discovery',
    fault: { answers: { discovery: { redirect: { status: 302, hops: 4, to: 'same-origin' } } } },
    expect: refused('redirect_refused'),
  },
  {
    name: 'refuses metadata of more than 512 KiB',
    clause: 'spec/2-protocol.md, Discovery',
    fault: { metadata: { padding: 'x'.repeat(600 * 1024) } },
    expect: refused('body_too_large'),
  },
  {
    name: 'counts the bytes of metadata after decompression',
    clause: 'spec/2-protocol.md, Discovery',
    fault: {
      answers: {
        discovery: {
          headers: { 'content-encoding': 'gzip' },
          body: (honest) => gzipSync(honest.replace('{', `{"padding":"${'x'.repeat(8 << 20)}",`)),
        },
      },
    },
    expect: refused('body_too_large'),
  },
  {
    name: 'ends metadata that drip in past the deadline',
    clause: 'spec/2-protocol.md, Discovery',
    client: { timeout: 200 },
    fault: { answers: { discovery: { drip: { bytes: 8, everyMs: 15 } } } },
    expect: refused('timeout'),
  },
  {
    name: 'ends a wait for metadata that never come',
    clause: 'spec/2-protocol.md, Discovery',
    client: { timeout: 200 },
    fault: { answers: { discovery: { hang: true } } },
    expect: refused('timeout'),
  },
  {
    name: 'reports a connection that is reset in the middle of metadata',
    clause: 'RFC 9112 8',
    fault: { answers: { discovery: { cutAfter: 100 } } },
    expect: refused('network_error'),
  },
  {
    name: 'takes metadata from the OpenID address alone',
    clause: 'OpenID Connect Discovery 4',
    fault: { wellKnown: 'openid-configuration' },
  },
  {
    name: 'takes metadata from the OAuth address alone',
    clause: 'RFC 8414 3',
    fault: { wellKnown: 'oauth-authorization-server' },
  },
  {
    name: 'follows three redirects of metadata on one origin',
    clause: 'spec/2-protocol.md, Discovery',
    fault: { answers: { discovery: { redirect: { status: 302, hops: 3, to: 'same-origin' } } } },
  },
  {
    name: 'reads metadata with a charset in the content type',
    clause: 'RFC 8259 11',
    fault: { answers: { discovery: { headers: { 'content-type': 'Application/JSON; charset=utf-8' } } } },
  },
  {
    name: 'ignores metadata members that it does not know',
    clause: 'RFC 8414 2',
    fault: { metadata: { x_flags: [1, null, { deep: [{}] }], service_documentation: 'https://op.example/docs' } },
  },
  {
    name: 'takes no harm from a __proto__ member in metadata',
    clause: 'spec/2-protocol.md, id_token 1',
    fault: {
      answers: { discovery: { body: (honest) => honest.replace('{', '{"__proto__":{"polluted":true},') } },
    },
  },
  {
    name: 'takes no harm from metadata nested without end',
    clause: 'RFC 8259 9',
    fault: {
      answers: {
        discovery: {
          body: (honest) => honest.replace('{', `{"deep":${'['.repeat(100_000)}${']'.repeat(100_000)},`),
        },
      },
    },
  },
  {
    name: 'takes client_secret_basic where the server lists no methods',
    clause: 'RFC 8414 2',
    fault: { metadata: { token_endpoint_auth_methods_supported: absent } },
    run: ['login'],
  },
  {
    name: 'keeps the query of the token endpoint',
    clause: 'RFC 6749 3.2',
    fault: { metadata: { token_endpoint: ({ issuer }) => `${issuer}/token?tenant=1` } },
    run: ['login'],
  },
  {
    name: 'keeps the query of the authorization endpoint',
    clause: 'RFC 6749 3.1',
    fault: { metadata: { authorization_endpoint: ({ issuer }) => `${issuer}/authorize?tenant=1` } },
    run: ['login'],
  },
  {
    name: 'sends the request by the front channel where there is no PAR endpoint',
    clause: 'RFC 9126 4',
    fault: { metadata: { pushed_authorization_request_endpoint: absent } },
    run: ['login'],
  },
  {
    name: 'asks for metadata once in three logins',
    clause: 'spec/2-protocol.md, Discovery',
    fault: {},
    run: ['login', 'login', 'login'],
    expect: { ...accepted, atMost: { discovery: 1, jwks: 1 } },
  },
  {
    name: 'does not remember that metadata could not be had',
    clause: 'spec/2-protocol.md, Discovery',
    fault: { answers: { discovery: { times: 2, status: 404 } } },
    run: [{ fails: 'begin' }, 'begin'],
  },
])
