environment   = "staging"
account_id    = "111111111111"
cidr          = "10.20.0.0/16"
domain        = "staging.example"
image_id      = "ami-0a1b2c3d4e5f60718"
nat           = "single"
masters       = { shutdown_delay = "60s" }
workers       = { general = { min_size = 2, max_size = 6 } }
follow_every  = "60s"
force_destroy = true
