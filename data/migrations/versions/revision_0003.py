"""Revision 3: on PostgreSQL signed sessions and the geometries that GIS clients read; nothing on SQLite.

Functions, policies, views and rights follow from the table of roles and are made anew at each upgrade (`hatang.data.rowsecurity`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("""
        CREATE TABLE session_key (id boolean PRIMARY KEY DEFAULT true CHECK (id), inner_pad bytea NOT NULL, outer_pad bytea NOT NULL)
    """)
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("login", sa.Text(), nullable=True),
        sa.Column("backend_pid", sa.Integer(), nullable=True),
        sa.Column("backend_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_sessions_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.CheckConstraint("num_nonnulls(secret_sha256, login, backend_pid) = 1", name="one_bearer"),
    )
    op.create_index(op.f("ix_sessions_backend_pid"), "sessions", ["backend_pid"])
    op.create_index(op.f("ix_sessions_login"), "sessions", ["login"])
    op.execute("""
        CREATE TABLE features (
            dataset_id varchar(16) NOT NULL CONSTRAINT fk_features_dataset_id REFERENCES datasets (id),
            position integer NOT NULL,
            organisation_id integer NOT NULL CONSTRAINT fk_features_organisation_id REFERENCES organisations (id),
            kind varchar(40) NOT NULL,
            geometry public.geometry(Geometry, 4326) NOT NULL,
            properties jsonb NOT NULL,
            CONSTRAINT pk_features PRIMARY KEY (dataset_id, position)
        )
    """)
    op.execute("CREATE INDEX ix_features_organisation_id ON features (organisation_id, kind)")
    op.execute("CREATE INDEX ix_features_geometry ON features USING gist (geometry)")
    op.execute("""
        CREATE TABLE gap_features (
            run_id varchar(64) NOT NULL,
            position integer NOT NULL,
            organisation_id integer NOT NULL CONSTRAINT fk_gap_features_organisation_id REFERENCES organisations (id),
            geometry public.geometry(Geometry, 4326) NOT NULL,
            properties jsonb NOT NULL,
            CONSTRAINT pk_gap_features PRIMARY KEY (run_id, position)
        )
    """)
    op.execute("CREATE INDEX ix_gap_features_organisation_id ON gap_features (organisation_id)")
    op.execute("CREATE INDEX ix_gap_features_geometry ON gap_features USING gist (geometry)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("gap_features", "features", "sessions", "session_key"):
            op.execute(f"DROP TABLE {table} CASCADE")
