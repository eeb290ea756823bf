# Everything of the providers tls and pki that is secret, and what copies it.

resource "tls_private_key" "it" {
  for_each    = toset(["ECDSA", "ED25519"])
  algorithm   = each.key
  ecdsa_curve = "P256"
}
resource "tls_cert_request" "it" {
  private_key_pem = tls_private_key.it["ECDSA"].private_key_pem
  dns_names       = ["it.example"]
}
resource "pki_authority" "ca" {
  subject { common_name = "planted" }
  generation = var.fail ? 2 : 1
  primary    = 1
}
resource "tls_locally_signed_cert" "it" {
  cert_request_pem      = tls_cert_request.it.cert_request_pem
  ca_cert_pem           = pki_authority.ca.certificate_pem
  ca_private_key_pem    = pki_authority.ca.private_key_pem
  validity_period_hours = 10
  allowed_uses          = ["server_auth"]
}
# Issued anew by the run that is killed.
resource "pki_certificate" "ci" {
  subject { common_name = "ci" }
  usages             = ["client"]
  validity_hours     = var.wait ? 1000 : 2000
  ca_certificate_pem = pki_authority.ca.certificate_pem
  ca_private_key_pem = pki_authority.ca.private_key_pem
}
resource "pki_kubeconfig" "ci" {
  server                 = "https://demo.example:6443"
  ca_pem                 = pki_authority.ca.bundle_pem
  client_certificate_pem = pki_certificate.ci.certificate_pem
  client_private_key_pem = pki_certificate.ci.private_key_pem
}
resource "pki_keypair" "it" {}
resource "pki_encryption_config" "it" { generation = var.fail ? 2 : 1 }
resource "pki_bootstrap_token" "it" { keepers = { wait = var.wait } }
resource "pki_kubernetes" "demo" {
  cluster_name = "demo"
  endpoint     = "https://demo.example:6443"
  authorities {
    generation = var.fail ? 2 : 1
    primary    = 1
  }
}

# Copies: in a list, in a text, in base64.
resource "terraform_data" "copy" {
  input = {
    tree = pki_kubernetes.demo.tree
    text = "Authorization: Bearer ${pki_bootstrap_token.it.token}"
    data = base64encode(pki_kubeconfig.ci.content)
  }
}
resource "terraform_data" "wait" {
  provisioner "local-exec" {
    command     = "test $WAIT = false || { touch waiting; sleep 600; }"
    environment = { WAIT = tostring(var.wait), KEY = tls_private_key.it["ECDSA"].private_key_pem }
  }
  triggers_replace = [var.wait]
}

# Failures: an error that names a file by a token, a command that prints a key, a pair that is none (which shows at apply
# only), and an API server that quotes what it refuses.
resource "local_file" "fails" {
  count    = var.fail ? 1 : 0
  filename = "/proc/${pki_bootstrap_token.it.token}/x"
  content  = "content"
}
resource "terraform_data" "fails" {
  count = var.fail ? 1 : 0
  provisioner "local-exec" {
    command     = "echo \"$KEY\"; echo \"$KEY\" >&2; exit 1"
    environment = { KEY = pki_kubernetes.demo.admin_private_key_pem }
  }
}
resource "tls_private_key" "other" {
  count     = var.fail ? 1 : 0
  algorithm = "ED25519"
}
resource "pki_kubeconfig" "fails" {
  count                  = var.fail ? 1 : 0
  server                 = "https://demo.example:6443"
  ca_pem                 = pki_authority.ca.bundle_pem
  client_certificate_pem = pki_certificate.ci.certificate_pem
  client_private_key_pem = tls_private_key.other[0].private_key_pem
}
provider "kubernetes" { host = var.server }
resource "kubernetes_secret" "fails" {
  count = var.fail ? 1 : 0
  metadata { name = "planted" }
  data = {
    token  = pki_bootstrap_token.it.token_secret
    key    = pki_keypair.it.signing_key_pem
    config = pki_encryption_config.it.content
    given  = var.secret
  }
}

locals {
  encryption = [pki_encryption_config.it.content, pki_kubernetes.demo.tree["encryption/config.yaml"]]
  tree       = [for path in pki_kubernetes.demo.master_paths : pki_kubernetes.demo.tree[path] if strcontains(path, "key.pem")]
}
output "made" {
  sensitive = true
  value = concat(
    flatten([for key in tls_private_key.it : [key.private_key_pem, key.private_key_pem_pkcs8, key.private_key_openssh]]),
    [pki_authority.ca.private_key_pem, pki_certificate.ci.private_key_pem, pki_keypair.it.signing_key_pem],
    [pki_bootstrap_token.it.token_secret, split(".", pki_kubernetes.demo.bootstrap_token)[1]],
    [pki_kubernetes.demo.admin_private_key_pem],
    [for text in local.encryption : regex("secret: (\\S+)", text)[0]],
    local.tree,
  )
}
output "kubeconfigs" {
  sensitive = true
  value     = [pki_kubeconfig.ci.content, pki_kubernetes.demo.admin_kubeconfig]
}
output "public" {
  value = concat(
    flatten([for key in tls_private_key.it : [key.public_key_pem, key.public_key_openssh]]),
    [pki_authority.ca.bundle_pem, pki_certificate.ci.certificate_pem, pki_keypair.it.verify_keys_pem],
    [pki_kubernetes.demo.ca_bundle_pem, pki_kubernetes.demo.admin_certificate_pem],
    [for path in pki_kubernetes.demo.public_paths : nonsensitive(pki_kubernetes.demo.tree[path])],
  )
}
