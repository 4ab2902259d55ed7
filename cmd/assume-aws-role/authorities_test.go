package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// authoritiesCommand makes a directory of certificate authorities as Linux systems have
// it, a file each and all of them in ca-certificates.crt: authorities DIR.
func authoritiesCommand(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.Mkdir(dir, 0o755))
	var bundle []byte
	for i := range 5 {
		name := fmt.Sprintf("stranger-%d", i)
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		ts.Check(err)
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		ts.Check(err)
		block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		ts.Check(os.WriteFile(filepath.Join(dir, name+".pem"), block, 0o644))
		bundle = append(bundle, block...)
	}
	ts.Check(os.WriteFile(filepath.Join(dir, "ca-certificates.crt"), bundle, 0o644))
}
