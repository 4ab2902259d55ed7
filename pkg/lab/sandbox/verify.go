package sandbox

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// errNoKey means that the issuer's documents give no usable key for a token.
var errNoKey = errors.New("no verification key")

// claimSet is the payload of a token.
type claimSet map[string]any

func (c claimSet) text(name string) string { v, _ := c[name].(string); return v }

// seconds reads a time claim: an integer, or an integer in a string. Anything
// else, a fraction included, is -1.
func (c claimSet) seconds(name string) int64 {
	text := ""
	switch v := c[name].(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func (c claimSet) audience() []string { return c.list("aud") }

func (c claimSet) list(name string) []string {
	switch v := c[name].(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, item := range v {
			if text, ok := item.(string); ok {
				list = append(list, text)
			}
		}
		return list
	}
	return nil
}

// unverified reads a token without checking its signature.
func unverified(token string) (claimSet, error) {
	claims := jwt.MapClaims{}
	_, _, err := jwt.NewParser(jwt.WithJSONNumber()).ParseUnverified(token, claims)
	return claimSet(claims), err
}

// verify checks a token's signature with the key that its issuer's documents
// name, and nothing else.
func (s *Sandbox) verify(token string) (claimSet, error) {
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithJSONNumber(), jwt.WithoutClaimsValidation(), jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}))
	_, err := parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		issuer, _ := claims["iss"].(string)
		kid, _ := t.Header["kid"].(string)
		return s.key(issuer, kid)
	})
	return claimSet(claims), err
}

// key follows an issuer's discovery document to its key set.
func (s *Sandbox) key(issuer, kid string) (*rsa.PublicKey, error) {
	var discovery struct {
		Issuer string `json:"issuer"`
		JWKS   string `json:"jwks_uri"`
	}
	where := strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
	if err := json.Unmarshal(s.Document(where), &discovery); err != nil || discovery.Issuer != issuer {
		return nil, fmt.Errorf("%w: no discovery document of that issuer", errNoKey)
	}
	return keyFrom(s.Document(discovery.JWKS), kid)
}

// jwk is an RSA key of a key set (RFC 7517, RFC 7518 section 6.3), as both issuers have them.
type jwk struct {
	Type   string   `json:"kty"`
	ID     string   `json:"kid"`
	N      string   `json:"n"`
	E      string   `json:"e"`
	KeyOps []string `json:"key_ops"`
}

// keyFrom picks a key as AWS was observed to: a token without kid only if the set
// has one key, no key with key_ops, no set of more than 100 keys.
func keyFrom(doc []byte, kid string) (*rsa.PublicKey, error) {
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal(doc, &set); err != nil || len(set.Keys) > 100 {
		return nil, fmt.Errorf("%w: unusable key set", errNoKey)
	}
	for _, k := range set.Keys {
		if k.ID == kid && kid != "" || kid == "" && len(set.Keys) == 1 {
			return k.public()
		}
	}
	return nil, fmt.Errorf("%w: unknown key id", errNoKey)
}

func (k jwk) public() (*rsa.PublicKey, error) {
	n, e := number(k.N), number(k.E)
	switch {
	case len(k.KeyOps) > 0:
		return nil, fmt.Errorf("%w: key_ops", errNoKey)
	case k.Type != "RSA":
		return nil, fmt.Errorf("%w: unknown key type", errNoKey)
	case n == nil || e == nil || !e.IsInt64():
		return nil, fmt.Errorf("%w: malformed RSA key", errNoKey)
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

func number(text string) *big.Int {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) == 0 {
		return nil
	}
	return new(big.Int).SetBytes(b)
}
