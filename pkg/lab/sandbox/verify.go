package sandbox

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
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

// algorithms are those that AWS accepts for web identity tokens
// (docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html).
var algorithms = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}

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
	parser := jwt.NewParser(jwt.WithJSONNumber(), jwt.WithoutClaimsValidation(), jwt.WithValidMethods(algorithms))
	_, err := parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		issuer, _ := claims["iss"].(string)
		kid, _ := t.Header["kid"].(string)
		return s.key(issuer, kid)
	})
	return claimSet(claims), err
}

// key follows an issuer's discovery document to its key set.
func (s *Sandbox) key(issuer, kid string) (crypto.PublicKey, error) {
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

// jwk is a key of a key set (RFC 7517, RFC 7518 section 6).
type jwk struct {
	Type   string   `json:"kty"`
	ID     string   `json:"kid"`
	N      string   `json:"n"`
	E      string   `json:"e"`
	Curve  string   `json:"crv"`
	X      string   `json:"x"`
	Y      string   `json:"y"`
	KeyOps []string `json:"key_ops"`
	Chain  []string `json:"x5c"`
}

// keyFrom picks a key as AWS was observed to: a token without kid only if the set
// has one key, no key with key_ops, no set of more than 100 keys.
func keyFrom(doc []byte, kid string) (crypto.PublicKey, error) {
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

func (k jwk) public() (crypto.PublicKey, error) {
	if len(k.KeyOps) > 0 {
		return nil, fmt.Errorf("%w: key_ops", errNoKey)
	}
	var key interface {
		Equal(x crypto.PublicKey) bool
	}
	switch k.Type {
	case "RSA":
		n, e := number(k.N), number(k.E)
		if n == nil || e == nil || !e.IsInt64() {
			return nil, fmt.Errorf("%w: malformed RSA key", errNoKey)
		}
		key = &rsa.PublicKey{N: n, E: int(e.Int64())}
	case "EC":
		ec, err := k.elliptic()
		if err != nil {
			return nil, err
		}
		key = ec
	default:
		return nil, fmt.Errorf("%w: unknown key type", errNoKey)
	}
	if len(k.Chain) > 0 && !certifies(k.Chain[0], key.Equal) {
		return nil, fmt.Errorf("%w: x5c does not agree with the key", errNoKey)
	}
	return key, nil
}

func (k jwk) elliptic() (*ecdsa.PublicKey, error) {
	curves := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}
	curve := curves[k.Curve]
	x, errX := base64.RawURLEncoding.DecodeString(k.X)
	y, errY := base64.RawURLEncoding.DecodeString(k.Y)
	if curve == nil || errX != nil || errY != nil {
		return nil, fmt.Errorf("%w: malformed EC key", errNoKey)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, append(append([]byte{4}, x...), y...))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoKey, err)
	}
	return key, nil
}

func certifies(text string, equal func(crypto.PublicKey) bool) bool {
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	cert, err := x509.ParseCertificate(der)
	return err == nil && equal(cert.PublicKey)
}

func number(text string) *big.Int {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) == 0 {
		return nil
	}
	return new(big.Int).SetBytes(b)
}
