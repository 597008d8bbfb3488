import { absent } from '../patch.ts'
import { refused, table } from '../scenario.ts'

const unsupported = refused('unsupported_by_server', { atMost: { par: 0 } })
const flow = ['login', 'refresh', 'introspection', 'revocation'] as const

/** RFC 9101, and the client authentications that sign: the provider judges what it gets. */
export const requestObjectScenarios = table(
  { area: 'request_object', run: ['login'], client: { requestObject: true } },
  [
    { name: 'pushes a signed request', clause: 'RFC 9126 3', fault: {} },
    {
      name: 'sends a signed request in the URL where nothing can be pushed',
      clause: 'RFC 9101 5',
      fault: { metadata: { pushed_authorization_request_endpoint: absent } },
    },
    {
      name: 'signs a request for a bound code',
      clause: 'RFC 9449 10',
      client: { requestObject: true, dpop: true },
      fault: {},
    },
    {
      name: 'signs a request with every parameter in it',
      clause: 'RFC 9101 4',
      client: { requestObject: true, maxAge: 600, responseType: 'code id_token', responseMode: 'form_post' },
      fault: {},
    },
    {
      name: 'sends nothing to a server that takes signed requests only, when it signs none',
      clause: 'RFC 9101 10.5',
      client: {},
      fault: { metadata: { require_signed_request_object: true } },
      expect: unsupported,
    },
    {
      name: 'sends nothing to a server that takes none of its signing algorithms',
      clause: 'OpenID Connect Discovery 3',
      fault: { metadata: { request_object_signing_alg_values_supported: ['PS256'] } },
      expect: unsupported,
    },
    {
      name: 'sends no request object in a URL to a server that says that it takes none',
      clause: 'OpenID Connect Discovery 3',
      fault: { metadata: { pushed_authorization_request_endpoint: absent, request_parameter_supported: false } },
      expect: unsupported,
    },
    {
      name: 'sends nothing to a server without the response mode',
      clause: 'RFC 8414 2',
      client: { responseMode: 'jwt' },
      fault: { metadata: { response_modes_supported: ['query'] } },
      expect: unsupported,
    },
    {
      name: 'sends nothing to a server without the response type',
      clause: 'RFC 8414 2',
      client: { responseType: 'code id_token' },
      fault: { metadata: { response_types_supported: ['code'] } },
      expect: unsupported,
    },
    {
      name: 'proves itself by a MAC of its secret, another for each request',
      clause: 'OpenID Connect Core 9',
      client: { auth: 'client_secret_jwt' },
      fault: {},
      run: flow,
    },
    {
      name: 'proves itself by a MAC and a proof, another for each attempt',
      clause: 'RFC 7523 3 item 7',
      client: { auth: 'client_secret_jwt', dpop: true },
      fault: {},
      run: flow,
    },
    {
      name: 'sends no MAC to a server that does not take its algorithm',
      clause: 'RFC 8414 2',
      client: { auth: 'client_secret_jwt' },
      fault: { metadata: { token_endpoint_auth_signing_alg_values_supported: ['ES256'] } },
      expect: unsupported,
    },
  ],
)
