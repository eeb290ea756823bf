environment   = "production"
account_id    = "222222222222"
cidr          = "10.30.0.0/16"
domain        = "production.example"
image_id      = "ami-0a1b2c3d4e5f60718"
nat           = "per_zone"
masters       = { instance_type = "m7i.xlarge", shutdown_delay = "60s" }
workers       = { general = { min_size = 6, max_size = 60 } }
follow_every  = "60s"
force_destroy = false
