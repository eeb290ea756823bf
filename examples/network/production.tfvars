environment   = "production"
account_id    = "222222222222"
cidr          = "10.30.0.0/16"
domain        = "production.example"
image_id      = "ami-0a1b2c3d4e5f60718"
master_type   = "m7i.xlarge"
workers       = { min = 6, max = 60 }
force_destroy = false
nodes_report  = true
