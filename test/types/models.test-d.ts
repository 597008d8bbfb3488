import { describe, expectTypeOf, it } from 'vitest'
import type * as models from '../../generated/models.ts'
import type { components } from '../../generated/schema.ts'

type Components = components['schemas']

/** Every schema of openapi/oauth.yaml with the model that we generate for it. A schema left out fails the first test. */
interface Models {
  Actor: models.Actor
  ApplicationType: models.ApplicationType
  Audience: models.Audience
  AuthorizationCodeTokenRequest: models.AuthorizationCodeTokenRequest
  AuthorizationDetail: models.AuthorizationDetail
  AuthorizationDetails: models.AuthorizationDetails
  AuthorizationRequest: models.AuthorizationRequest
  AuthorizationResponse: models.AuthorizationResponse
  AuthorizationServerMetadata: models.AuthorizationServerMetadata
  BackchannelAuthenticationRequest: models.BackchannelAuthenticationRequest
  BackchannelAuthenticationResponse: models.BackchannelAuthenticationResponse
  BackchannelTokenDeliveryMode: models.BackchannelTokenDeliveryMode
  BearerMethod: models.BearerMethod
  CibaTokenRequest: models.CibaTokenRequest
  ClaimRequest: models.ClaimRequest
  ClaimSource: models.ClaimSource
  ClaimType: models.ClaimType
  ClaimsRequest: models.ClaimsRequest
  ClientAssertionType: models.ClientAssertionType
  ClientAuthentication: models.ClientAuthentication
  ClientAuthenticationMethod: models.ClientAuthenticationMethod
  ClientCredentialsTokenRequest: models.ClientCredentialsTokenRequest
  ClientInformation: models.ClientInformation
  ClientMetadata: models.ClientMetadata
  ClientRegistrationType: models.ClientRegistrationType
  ClientUpdateRequest: models.ClientUpdateRequest
  CodeChallengeMethod: models.CodeChallengeMethod
  Confirmation: models.Confirmation
  ContentEncryptionAlgorithm: models.ContentEncryptionAlgorithm
  DeviceAuthorizationRequest: models.DeviceAuthorizationRequest
  DeviceAuthorizationResponse: models.DeviceAuthorizationResponse
  DeviceCodeTokenRequest: models.DeviceCodeTokenRequest
  Display: models.Display
  EcPublicJsonWebKey: models.EcPublicJsonWebKey
  EndSessionRequest: models.EndSessionRequest
  GrantType: models.GrantType
  IntrospectionRequest: models.IntrospectionRequest
  IntrospectionResponse: models.IntrospectionResponse
  JsonResourceDescriptor: models.JsonResourceDescriptor
  JsonResourceDescriptorLink: models.JsonResourceDescriptorLink
  JsonWebKey: models.JsonWebKey
  JsonWebKeySet: models.JsonWebKeySet
  JwtBearerTokenRequest: models.JwtBearerTokenRequest
  KeyCurve: models.KeyCurve
  KeyManagementAlgorithm: models.KeyManagementAlgorithm
  KeyOperation: models.KeyOperation
  KeyType: models.KeyType
  KeyUse: models.KeyUse
  MtlsEndpointAliases: models.MtlsEndpointAliases
  OAuthError: models.OAuthError
  OAuthErrorCode: models.OAuthErrorCode
  OkpPublicJsonWebKey: models.OkpPublicJsonWebKey
  PreAuthorizedCodeTokenRequest: models.PreAuthorizedCodeTokenRequest
  Prompt: models.Prompt
  ProtectedResourceMetadata: models.ProtectedResourceMetadata
  PushedAuthorizationRequest: models.PushedAuthorizationRequest
  PushedAuthorizationResponse: models.PushedAuthorizationResponse
  RefreshTokenRequest: models.RefreshTokenRequest
  ResponseMode: models.ResponseMode
  ResponseType: models.ResponseType
  RevocationRequest: models.RevocationRequest
  RsaPublicJsonWebKey: models.RsaPublicJsonWebKey
  SigningAlgorithm: models.SigningAlgorithm
  SubjectType: models.SubjectType
  TokenExchangeRequest: models.TokenExchangeRequest
  TokenIntrospectionJwt: models.TokenIntrospectionJwt
  TokenRequest: models.TokenRequest
  TokenResponse: models.TokenResponse
  TokenType: models.TokenType
  TokenTypeHint: models.TokenTypeHint
  TokenTypeIdentifier: models.TokenTypeIdentifier
  UserInfo: models.UserInfo
  UserInfoAddress: models.UserInfoAddress
  UserInfoJwt: models.UserInfoJwt
}

/** Assignable to each other: what types a value from one generator's function can be passed to the other's. */
type IsMutual<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false

type Differing = {
  [Name in keyof Components & keyof Models]: IsMutual<Components[Name], Models[Name]> extends true ? never : Name
}[keyof Components & keyof Models]

describe('our models and those of openapi-typescript', () => {
  it('are for the same schemas', () => {
    expectTypeOf<Exclude<keyof Components, keyof Models>>().toEqualTypeOf<never>()
    expectTypeOf<Exclude<keyof Models, keyof Components>>().toEqualTypeOf<never>()
  })

  it('are assignable to each other, every one', () => {
    expectTypeOf<Differing>().toEqualTypeOf<never>()
  })

  it('would be told apart', () => {
    expectTypeOf<IsMutual<{ readonly a: string }, { readonly a?: string }>>().toEqualTypeOf<false>()
    expectTypeOf<IsMutual<ReadonlyArray<string>, string[]>>().toEqualTypeOf<false>()
  })
})
