"""Bodies and answers of identity."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, SecretStr, StringConstraints, model_validator

from app.identity.domain.control import BENEFICIAL_OWNERS_MAX
from app.identity.domain.login import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN
from app.identity.domain.party import NewParty, Party, PartyKind, PartyStatus
from app.identity.service.joining import NewUser
from app.platform.access import Role
from app.platform.schema import Body, Line, Reason, UtcView, View
from app.shared.access import Viewer

Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{3,40}$")]
Postcode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Password = Annotated[
    SecretStr,
    Field(
        min_length=PASSWORD_LENGTH_MIN,
        max_length=PASSWORD_LENGTH_MAX,
        json_schema_extra={"format": "password", "writeOnly": True},
    ),
]
JoinRole = Literal[
    Role.SELLER_STAFF,
    Role.BUYER_STAFF,
    Role.BROKER,
    Role.EXPERT,
    Role.OPERATOR,
    Role.AUDITOR,
]
WantedRole = Literal[Role.SELLER_STAFF, Role.BUYER_STAFF, Role.BROKER, Role.EXPERT]


class PartyBody(Body):
    """A party as it describes itself; classifications are names of ``/v1/codes``."""

    kind: PartyKind
    name: Line
    credit_code: Line | None = Field(
        default=None, description="统一社会信用代码, organisations only", max_length=40
    )
    region_code: Line | None = Field(default=None, description="GB/T 2260, table `region`")
    address: Line | None = None
    seller_class: Line | None = Field(default=None, description="Table `seller_class`")
    party_type: Line | None = Field(default=None, description="Table `party_type`")
    scale: Line | None = Field(default=None, description="Table `buyer_scale`")
    industry: Line | None = Field(default=None, description="Table `industry`")
    representative: Line | None = Field(default=None, description="法定代表人")
    contact: Line | None = None
    phone: Phone | None = None
    postcode: Postcode | None = None
    in_high_tech_zone: bool = False
    listed: bool = False
    beneficial_owners: list[Line] = Field(
        default=[],
        max_length=BENEFICIAL_OWNERS_MAX,
        description="受益所有人, by name; shown to operators and auditors only",
    )

    def plain(self) -> NewParty:
        """Return the domain's value."""
        told = self.model_dump()
        return NewParty(**told | {"beneficial_owners": tuple(told["beneficial_owners"])})


class UserBody(Body):
    """Somebody who shall sign in."""

    # Spaces around a password belong to it.
    model_config = ConfigDict(str_strip_whitespace=False)

    login: Line = Field(description="3 to 100 of a-z, 0-9 and ._@+-; case does not matter")
    password: Password
    display_name: Annotated[Line, StringConstraints(strip_whitespace=True)]

    def plain(self) -> NewUser:
        """Return the domain's value."""
        return NewUser(self.login, self.password.get_secret_value(), self.display_name)


class RegistrationBody(Body):
    """A newcomer with its first user and the roles it asks for."""

    market_id: UUID
    party: PartyBody
    user: UserBody
    roles: list[WantedRole] = Field(min_length=1, max_length=4)

    def without_password(self) -> dict[str, Any]:
        """Return what tells one registration from another; no digest of a password is kept."""
        return self.model_dump(mode="json", exclude={"user": {"password"}})


class VerificationBody(Body):
    """An operator's decision; a refusal needs a reason."""

    accepted: bool
    reason: Reason | None = None


class MemberBody(Body):
    """A role for a new user, or for a known one by ``user_id``."""

    role: JoinRole
    user: UserBody | None = None
    user_id: UUID | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.user is None) == (self.user_id is None):
            raise ValueError("send either user or user_id")
        return self


class ClientBody(Body):
    """A partner exchange's client."""

    party_id: UUID
    name: Line


class PartyView(View):
    """A party as its own staff, operators and auditors see it."""

    id: UUID
    market_id: UUID
    kind: PartyKind
    status: PartyStatus
    name: str
    credit_code: str | None
    region_code: str | None
    address: str | None
    seller_class: str | None
    party_type: str | None
    scale: str | None
    industry: str | None
    representative: str | None
    contact: str | None
    phone: str | None
    postcode: str | None
    in_high_tech_zone: bool
    listed: bool
    beneficial_owners: list[str] | None = Field(
        description="For operators and auditors; null for everybody else, also the party itself"
    )

    @classmethod
    def of(cls, party: Party, viewer: Viewer) -> Self:
        """Return a party as this viewer may see it."""
        owners = party.beneficial_owners if viewer.staff_of == party.market_id else None
        told = {name: getattr(party, name) for name in cls.model_fields}
        return cls.model_validate(told | {"beneficial_owners": owners})


class RegistrationView(View):
    """A registered party and its first user."""

    party: PartyView
    user_id: UUID


class MemberView(View):
    """A membership just made."""

    membership_id: UUID
    user_id: UUID
    party_id: UUID
    role: Role


class ClientView(View):
    """A client without its secret."""

    id: UUID
    market_id: UUID
    party_id: UUID
    name: str
    secret_prefix: str
    created_at: UtcView
    revoked_at: UtcView | None


class NewClientView(ClientView):
    """A client with its secret, shown this once."""

    client_secret: str


class UserView(View):
    """The signed-in person."""

    id: UUID
    login: str
    display_name: str


class MembershipView(View):
    """Something the user can sign in as."""

    membership_id: UUID
    role: Role
    market_id: UUID
    party_id: UUID
    party_name: str
    party_status: PartyStatus


class MeView(View):
    """Who the token's bearer is.

    ``user`` is null for a client, ``memberships`` lists all that the user can sign in as.
    """

    ref: str
    role: Role
    market_id: UUID
    scopes: list[str]
    party: PartyView
    user: UserView | None
    memberships: list[MembershipView]


class TokenView(View):
    """An OAuth2 token answer (RFC 6749 §5.1)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind, no secret
    expires_in: int = Field(description="Seconds")
    scope: str = Field(description="Scopes separated by spaces")
    refresh_token: str | None = Field(description="Good for one use; null for clients")
    membership_id: UUID | None
