package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// rsaKey signs every token of this process. One key serves all sandboxes, because
// generating one costs a tenth of a second.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // the system's randomness failed
	}
	return v
}

// signer is a key of an issuer. vstoken names its keys by the hex of the
// thumbprint, Entra by its base64url.
type signer struct {
	key   *rsa.PrivateKey
	print []byte
}

func newSigner() signer {
	key := rsaKey()
	return signer{key, thumbprint(key.N.Bytes())}
}

func thumbprint(b []byte) []byte {
	sum := sha1.Sum(b) // the issuers' key names are SHA-1 thumbprints; nothing rests on them
	return sum[:]
}

func (s signer) hexName() string { return strings.ToUpper(hex.EncodeToString(s.print)) }

func (s signer) shortName() string { return base64.RawURLEncoding.EncodeToString(s.print) }

// keySet is the JWKS document that publishes the key under a key id.
func (s signer) keySet(kid string) []byte {
	jwk := map[string]any{
		"use": "sig", "alg": jwt.SigningMethodRS256.Alg(), "kid": kid, "kty": "RSA", "x5t": s.shortName(),
		"n": base64.RawURLEncoding.EncodeToString(s.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.key.E)).Bytes()),
	}
	return encode(map[string]any{"keys": []any{jwk}})
}

func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // only maps, strings and numbers are encoded
	}
	return data
}

// documents are the discovery and key documents of every issuer, by URL.
func (c Config) documents() map[string][]byte {
	docs := map[string][]byte{}
	s := newSigner()
	publish := func(issuer, jwksURL, kid string) {
		docs[strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration"] = encode(map[string]any{
			"issuer": issuer, "jwks_uri": jwksURL, "subject_types_supported": []string{"public", "pairwise"},
			"response_types_supported": []string{"id_token"}, "scopes_supported": []string{"openid"},
			"claims_supported":                      []string{"sub", "aud", "exp", "iat", "iss", "nbf"},
			"id_token_signing_alg_values_supported": []string{jwt.SigningMethodRS256.Alg()},
		})
		docs[jwksURL] = s.keySet(kid)
	}
	publish(c.vstokenIssuer(), "https://vstoken.dev.azure.com/.well-known/jwks", s.hexName())
	for _, tenant := range c.tenants() {
		for _, host := range authorities {
			publish(entraIssuerAt(host, tenant), "https://"+host+"/"+tenant+"/discovery/v2.0/keys", s.shortName())
		}
		publish(windowsIssuer(tenant), "https://login.microsoftonline.com/"+tenant+"/discovery/keys", s.shortName())
	}
	for url, doc := range c.Documents {
		docs[url] = doc
	}
	return docs
}

func (c Config) tenants() []string {
	seen := map[string]bool{}
	var list []string
	add := func(id string) {
		if id != "" && !seen[id] {
			seen[id] = true
			list = append(list, id)
		}
	}
	for _, conn := range c.Connections {
		add(conn.TenantID)
	}
	for _, app := range c.Audiences {
		add(app.TenantID)
	}
	return list
}
