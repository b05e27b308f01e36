/** Of `hooks.example.test`, for receivers in tests; worth nothing anywhere else. */
export const testIdentity = {
  host: 'hooks.example.test',
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgL/4TETula0tEJIod
GE2+ZvpSazB0OgrIdy2Hrzjz9s+hRANCAAQLYj+ovweTkb3v3cXTSKk4YXGzAW24
ArMOb1D25GKj1D/dPg8vN6/IizQ/rfuQ3z3Bq1EqAQpfOPXB9PFhJIEo
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBsDCCAVagAwIBAgIUT8tQnclaKaNSB51s76lnROjGyegwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSaG9va3MuZXhhbXBsZS50ZXN0MCAXDTI2MTEyNTE3MTE0MFoY
DzIxMjYxMTAxMTcxMTQwWjAdMRswGQYDVQQDDBJob29rcy5leGFtcGxlLnRlc3Qw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQLYj+ovweTkb3v3cXTSKk4YXGzAW24
ArMOb1D25GKj1D/dPg8vN6/IizQ/rfuQ3z3Bq1EqAQpfOPXB9PFhJIEoo3IwcDAd
BgNVHQ4EFgQUebBA7OvquzTakUp057/27eC9nCwwHwYDVR0jBBgwFoAUebBA7Ovq
uzTakUp057/27eC9nCwwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHREEFjAUghJob29r
cy5leGFtcGxlLnRlc3QwCgYIKoZIzj0EAwIDSAAwRQIhANIvdzsKVek1qm4gIrOJ
MZ2DytxWuSZP2nrL614ocUTYAiB1s9tk+iNTxwvpgk5g3t4zMVJ9UrtLqffY5u+d
etaSqg==
-----END CERTIFICATE-----
`,
} as const;
