// Verifies a leaf as Go's crypto/x509 does: verify.go ROOTS LEAF USAGE UNIXTIME [NAME..]; no network, standard library only.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	roots := x509.NewCertPool()
	text, err := os.ReadFile(os.Args[1])
	if err != nil || !roots.AppendCertsFromPEM(text) {
		fail("roots", err)
	}
	text, err = os.ReadFile(os.Args[2])
	if err != nil {
		fail("leaf", err)
	}
	block, _ := pem.Decode(text)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		fail("parse", err)
	}
	usage := x509.ExtKeyUsageServerAuth
	if os.Args[3] == "client" {
		usage = x509.ExtKeyUsageClientAuth
	}
	seconds, err := strconv.ParseInt(os.Args[4], 10, 64)
	if err != nil {
		fail("time", err)
	}
	options := x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{usage}, CurrentTime: time.Unix(seconds, 0)}
	if _, err := leaf.Verify(options); err != nil {
		fail("verify", err)
	}
	for _, name := range os.Args[5:] {
		if err := leaf.VerifyHostname(name); err != nil {
			fail("name", err)
		}
	}
	fmt.Printf("subject=%s groups=%v signature=%s\n", leaf.Subject, leaf.Subject.Organization, leaf.SignatureAlgorithm)
}

func fail(what string, err error) {
	fmt.Println(what, err)
	os.Exit(1)
}
