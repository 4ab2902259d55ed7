package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Lifetimes as published tokens show them: vstoken tokens live five minutes and
// are valid from ten minutes before, Entra's connection tokens a day and five
// minutes, Entra's access tokens between 60 and 90 minutes.
const (
	vstokenLife    = 300 * time.Second
	vstokenBackdat = 600 * time.Second
	entraLife      = 86700 * time.Second
	accessLife     = 3900 * time.Second
)

// Token signs claims as an issuer of this sandbox would, with the named key id.
// Tests use it for tokens that no stand-in hands out.
func (s *Sandbox) Token(claims map[string]any, kid string) string {
	return s.sign(claims, map[string]any{"kid": kid})
}

func (s *Sandbox) sign(claims, header map[string]any) string {
	key := newSigner()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(claims))
	for name, value := range header {
		token.Header[name] = value
	}
	return must(token.SignedString(key.key))
}

func (s *Sandbox) vstoken(claims map[string]any) string {
	now, life := s.now(), vstokenLife
	if s.cfg.VSTokenSeconds > 0 {
		life = time.Duration(s.cfg.VSTokenSeconds) * time.Second
	}
	claims["jti"], claims["iss"], claims["aud"] = newGUID(), s.cfg.vstokenIssuer(), tokenExchangeURI
	claims["iat"], claims["nbf"], claims["exp"] = now.Unix(), now.Add(-vstokenBackdat).Unix(), now.Add(life).Unix()
	key := newSigner()
	header := map[string]any{"kid": key.hexName(), "x5t": key.shortName()}
	token := s.sign(claims, header)
	if short := s.cfg.VSTokenLength - len(token); short > 0 {
		claims["padding"] = strings.Repeat("x", short*3/4)
		token = s.sign(claims, header)
	}
	return token
}

func (s *Sandbox) pipelineToken() string {
	p := s.cfg.Pipeline
	return s.vstoken(map[string]any{
		"sub": s.cfg.pipelineSubject(), "org_id": s.cfg.Organisation.ID, "prj_id": s.cfg.Project.ID,
		"def_id": p.DefinitionID, "rpo_id": p.RepositoryID, "rpo_uri": p.RepositoryURI,
		"rpo_ver": p.Commit, "rpo_ref": p.Ref, "run_id": p.RunID,
	})
}

func (s *Sandbox) connectionToken(conn Connection) string {
	if !conn.azure() || !conn.EntraIssuer {
		return s.vstoken(map[string]any{"sub": s.cfg.subjectOf(conn)})
	}
	now := s.now().Unix()
	return s.entraToken(map[string]any{
		"aud": tokenExchangeResource, "iss": entraIssuer(conn.TenantID), "iat": now, "nbf": now,
		"exp": now + int64(entraLife/time.Second), "azp": azureDevOpsApp, "azpacr": "2", "idtyp": "app",
		"aio": "k2RgYFhwZvWb1GBfAAAAAAAAAA==", "rh": "1.AAAA", "oid": conn.ObjectID,
		"sub": s.cfg.subjectOf(conn), "tid": conn.TenantID, "uti": "Qk1wZ3hUb2tlblV0aQAAAA", "ver": "2.0",
		"xms_ficinfo": "CAAQARgAIAA", "xms_idrel": "7 30",
	}, false)
}

// accessToken is what Entra answers for an audience application.
func (s *Sandbox) accessToken(conn Connection, app AudienceApp) string {
	now := s.now().Unix()
	claims := map[string]any{
		"iat": now, "nbf": now, "exp": now + int64(accessLife/time.Second),
		"oid": conn.ObjectID, "sub": conn.ObjectID, "tid": conn.TenantID, "roles": []string{"AssumeRole"},
		"uti": "Qk1wZ3hUb2tlblV0aQAAAA", "rh": "1.AAAA", "idtyp": "app",
	}
	if app.TokenVersion == 2 {
		claims["iss"], claims["aud"], claims["ver"] = entraIssuerAt(conn.authority(), conn.TenantID), app.ClientID, "2.0"
		claims["azp"], claims["azpacr"] = conn.ClientID, "2"
		return s.entraToken(claims, false)
	}
	claims["iss"], claims["aud"], claims["ver"] = windowsIssuer(conn.TenantID), app.URI, "1.0"
	claims["appid"], claims["appidacr"], claims["idp"] = conn.ClientID, "2", windowsIssuer(conn.TenantID)
	return s.entraToken(claims, true)
}

func (s *Sandbox) entraToken(claims map[string]any, v1 bool) string {
	kid := newSigner().shortName()
	header := map[string]any{"kid": kid}
	if v1 {
		header["x5t"] = kid
	}
	return s.sign(claims, header)
}

func newGUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
